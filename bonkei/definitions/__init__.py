"""Files become state: what Terraform and CloudFormation evaluate, and what they evaluate with.

terraform       runs the real Terraform
provider        the AWS provider that it plans and applies with
cloudformation  templates, stacks and their resources
refresh         what others have changed since the last apply
survey          what a repository has, by its files alone
sources         the place of each resource in Terraform's files
"""
