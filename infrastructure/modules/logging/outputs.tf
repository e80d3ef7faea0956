output "program_log_bucket" {
  description = "Name of the bucket of program logs"
  value       = aws_s3_bucket.this["programs"].bucket
}

output "access_log_bucket" {
  description = "Name of the bucket to which AWS writes access logs"
  value       = aws_s3_bucket.this["access"].bucket

  # A load balancer proves at once that it may write.
  depends_on = [aws_s3_bucket_policy.this]
}

output "router" {
  description = "What a task needs to run the log router: image, its repository, the bucket and the bucket's key"
  value = {
    image          = module.router_repository.image
    repository_arn = module.router_repository.arn
    bucket_name    = aws_s3_bucket.this["programs"].bucket
    bucket_arn     = aws_s3_bucket.this["programs"].arn
    kms_key_arn    = module.key.arn
  }
}

output "router_repository" {
  description = "Repository of the log router's images: name, url, ARN, and the parameter of the released tag"
  value = {
    name                = module.router_repository.name
    url                 = module.router_repository.url
    arn                 = module.router_repository.arn
    image_tag_parameter = module.router_repository.image_tag_parameter
  }
}
