"""CodeBuild as the supervisor uses it, and the miniature's own tools in a build.

builds       CodeBuild, with the parts around it
tools        the command lines of a build's tools: Terraform, Trivy, `aws`
terraform    `terraform` in a build
states       the state in its backend
asking       calls of these tools to the AWS endpoint, with the build's role
"""
