output "function_arn" {
  description = "The function that ECS asks after it has started the new tasks"
  value       = aws_lambda_function.this.arn
}

output "log_group_name" {
  description = "Log group of the function"
  value       = aws_cloudwatch_log_group.function.name
}
