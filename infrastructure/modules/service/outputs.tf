output "name" {
  description = "Name of the service"
  value       = aws_ecs_service.this.name
}

output "arn" {
  description = "ARN of the service"
  value       = aws_ecs_service.this.id
}

output "url" {
  description = "Where other services call this one; null when it has no Service Connect name"
  value       = var.service_connect_name == null ? null : "http://${var.service_connect_name}:${var.port}"
}

output "security_group_id" {
  description = "Security group of the tasks"
  value       = aws_security_group.this.id
}

output "image" {
  description = "Image that is released, with its tag"
  value       = module.repository.image
}

output "repository" {
  description = "Repository of the images: name, url, ARN, and the parameter of the released tag"
  value = {
    name                = module.repository.name
    url                 = module.repository.url
    arn                 = module.repository.arn
    image_tag_parameter = module.repository.image_tag_parameter
  }
}

output "kms_key_arn" {
  description = "Key that encrypts the program's images, secrets and log"
  value       = module.key.arn
}

output "task_definition_family" {
  description = "Family of the task definition"
  value       = module.task.family
}

output "task_definition_arn" {
  description = "ARN of the task definition's latest revision"
  value       = module.task.arn
}

output "container_name" {
  description = "Name of the program's container"
  value       = module.task.container_name
}

output "role_arns" {
  description = "Roles of the task, which a deploy must be allowed to pass"
  value       = [module.task.execution_role_arn, module.task.task_role_arn]
}

output "log_group_name" {
  description = "Name of the program's log group"
  value       = module.task.log_group_name
}

output "generated_secret_arns" {
  description = "ARN of each generated secret, by name"
  value       = module.task.generated_secret_arns
}
