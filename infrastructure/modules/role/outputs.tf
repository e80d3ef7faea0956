output "arn" {
  description = "ARN of the role, once it may do what it is for"
  value       = aws_iam_role.this.arn

  # Some services try a role as soon as they are given it.
  depends_on = [aws_iam_role_policy.this, aws_iam_role_policy_attachment.this]
}

output "policies" {
  description = "Its policy documents (JSON), by name"
  value       = local.policies
}
