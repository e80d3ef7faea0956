output "arn" {
  description = "ARN of the role, available after its policies"
  value       = aws_iam_role.this.arn

  # Some services test a role as soon as they get it.
  depends_on = [aws_iam_role_policy.this, aws_iam_role_policy_attachment.this]
}

output "policies" {
  description = "Its policy documents (JSON), by name"
  value       = local.policies
}
