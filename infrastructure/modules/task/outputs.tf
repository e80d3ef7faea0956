output "arn" {
  description = "ARN of the task definition's latest revision"
  value       = aws_ecs_task_definition.this.arn

  # A task starts only if its secrets have their values.
  depends_on = [aws_secretsmanager_secret_version.generated]
}

output "family" {
  description = "Family of the task definition"
  value       = aws_ecs_task_definition.this.family
}

output "container_name" {
  description = "Name of the program's container"
  value       = var.program_name
}

output "release" {
  description = "For the pipeline: family, container and log group of the task, and its roles, which the caller that runs it must be allowed to pass. Known before the task definition is"
  value = {
    family         = local.name
    container_name = var.program_name
    log_group_name = aws_cloudwatch_log_group.this.name
    role_arns      = [module.execution_role.arn, module.task_role.arn]
  }
}

output "log_group_name" {
  description = "Name of the task's log group"
  value       = aws_cloudwatch_log_group.this.name
}

output "generated_secret_arns" {
  description = "ARN of each generated secret, by name"
  value       = { for name, secret in aws_secretsmanager_secret.generated : name => secret.arn }
}
