output "role_arn" {
  description = "The role for people"
  value       = aws_iam_role.this.arn
}
