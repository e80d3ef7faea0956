output "name" {
  description = "Name of the cluster"
  value       = var.name # not the cluster's own, for which the services' alarms would wait
}

output "arn" {
  description = "ARN of the cluster"
  value       = aws_ecs_cluster.this.arn

  # A service may name a capacity provider only after the cluster has it.
  depends_on = [aws_ecs_cluster_capacity_providers.this]
}

output "namespace_arn" {
  description = "ARN of the Service Connect namespace"
  value       = aws_service_discovery_http_namespace.this.arn
}

output "exec_key_arn" {
  description = "Key that encrypts the channel of ECS Exec; a task needs kms:Decrypt on it"
  value       = var.kms_key_arn
}

output "exec_log_group_arn" {
  description = "Log group of shells in tasks; a task needs to write to it"
  value       = aws_cloudwatch_log_group.exec.arn
}

output "exec_log_group_name" {
  description = "Name of the log group of shells in tasks"
  value       = aws_cloudwatch_log_group.exec.name
}
