"""Pure steps from the services' data to the pages' data.

plan     Terraform's plan, read from a build's log
inert    foreign texts, made safe: bounded, with visible control characters
denials  permissions: groups of denied calls, the answer to a question
"""
