"""Pure steps from what rooms say to what pages show.

plan     Terraform's plan, read from a build's log
inert    texts of others, so that they cannot mislead: bounded, control characters made visible
grants   permissions: denied calls together, a question's answer
"""
