output "log_group_name" {
  description = "Log group of the canary's function"
  value       = aws_cloudwatch_log_group.function.name
}
