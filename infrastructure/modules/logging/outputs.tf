output "program_log_bucket" {
  description = "Name of the bucket of program logs"
  value       = module.program_logs.name
}

output "access_log_bucket" {
  description = "Name of the bucket to which AWS writes access logs"
  value       = module.access_logs.name
}

output "router" {
  description = "Values for a task's log router: image, its repository, the bucket and the bucket's key"
  value = {
    image          = module.router_repository.image
    repository_arn = module.router_repository.arn
    bucket_name    = module.program_logs.name
    bucket_arn     = module.program_logs.arn
    kms_key_arn    = var.kms_key_arn
  }
}

output "router_release" {
  description = "For the pipeline: the repository of the log router's images, and the parameter of the released tag"
  value       = module.router_repository.release
}
