output "url" {
  description = "URL of the site"
  value       = module.edge.url
}

output "load_balancer_dns_name" {
  description = "DNS name of the load balancer; it serves only CloudFront"
  value       = module.edge.load_balancer_dns_name
}

output "cluster_name" {
  description = "Name of the ECS cluster"
  value       = module.cluster.name
}

output "service_names" {
  description = "Names of the ECS services, by program"
  value = {
    backend  = module.backend_service.name
    frontend = module.frontend_service.name
  }
}

output "repositories" {
  description = "Repositories of the images, by program: the URL, and the parameter with the released tag"
  value = {
    for program, repository in local.repositories :
    program => { url = repository.url, image_tag_parameter = repository.image_tag_parameter.name }
  }
}

output "program_log_bucket" {
  description = "Bucket of the programs' logs: access/ and application/"
  value       = module.logging.program_log_bucket
}

output "database_endpoint" {
  description = "Host name of the database's writer"
  value       = module.database.endpoint
}

output "administrator_secret_arn" {
  description = "Secret with the first password of the administrator (user: admin)"
  value       = module.backend_migrate_task.generated_secret_arns["administrator"]
}

output "migrate_task" {
  description = "Values for running the migration: family of the task definition (not the revision: each release changes it), subnets and security group"
  value = {
    family            = module.backend_migrate_task.family
    subnet_ids        = module.network.subnet_ids["app"]
    security_group_id = module.backend_service.security_group_id
  }
}

output "program_pipeline_name" {
  description = "Pipeline that releases the programs"
  value       = module.delivery.pipeline_name
}

output "slack_webhook_secret_arn" {
  description = "Secret for the URL of Slack's webhook; set it with aws secretsmanager put-secret-value"
  value       = module.monitoring.webhook_secret_arn
}

output "dashboard_name" {
  description = "Name of the CloudWatch dashboard"
  value       = module.monitoring.dashboard_name
}

output "operator_role_arn" {
  description = "The role for people"
  value       = module.operators.role_arn
}
