output "url" {
  description = "Where the site is"
  value       = module.edge.url
}

output "load_balancer_dns_name" {
  description = "DNS name of the load balancer; it answers CloudFront alone"
  value       = module.edge.load_balancer_dns_name
}

output "cluster_name" {
  description = "Name of the ECS cluster"
  value       = module.cluster.name
}

output "service_names" {
  description = "Names of the ECS services, by program"
  value = {
    backend  = module.backend.name
    frontend = module.frontend.name
  }
}

output "repository_urls" {
  description = "Repositories of the images, by program"
  value = {
    backend  = module.backend.repository_url
    frontend = module.frontend.repository_url
  }
}

output "image_tag_parameters" {
  description = "Parameters that name the released images' tags, by program"
  value = {
    backend  = module.backend.image_tag_parameter.name
    frontend = module.frontend.image_tag_parameter.name
  }
}

output "database_endpoint" {
  description = "Host name of the database's writer"
  value       = module.database.endpoint
}

output "administrator_secret_arn" {
  description = "Secret with the first password of the administrator (user: admin)"
  value       = module.backend_migrate.generated_secret_arns["administrator"]
}

output "migrate_task" {
  description = "What a run of the migration needs: task definition, subnets and security group"
  value = {
    task_definition_arn = module.backend_migrate.arn
    subnet_ids          = module.network.subnet_ids["app"]
    security_group_id   = module.backend.security_group_id
  }
}
