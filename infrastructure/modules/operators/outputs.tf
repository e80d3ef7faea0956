output "role_arn" {
  description = "The role that people assume"
  value       = aws_iam_role.this.arn
}
