output "name" {
  description = "Name of the service"
  value       = var.name # not the service's own, which waits for the alarms that watch it by its name
}

output "arn" {
  description = "ARN of the service, known when its tasks run"
  value       = aws_ecs_service.this.id
}

output "release" {
  description = "For the pipeline: name and ARN of the service, and the number of tasks in its first release. Known before the service is"
  value = {
    name         = var.name
    arn          = "${replace(var.cluster_arn, ":cluster/", ":service/")}/${var.name}"
    min_capacity = var.scaling.min_capacity
  }
}

output "url" {
  description = "URL for other services; null without a Service Connect name"
  value       = var.service_connect_name == null ? null : "http://${var.service_connect_name}:${var.container_port}"

  # Tasks know only the names that existed when they started.
  # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-connect-concepts-deploy.html
  depends_on = [aws_ecs_service.this]
}

output "security_group_id" {
  description = "Security group of the tasks"
  value       = aws_security_group.this.id
}
