output "name" {
  description = "Name of the program"
  value       = var.program_name
}

output "image" {
  description = "The released image, with its tag"
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
  description = "Key that encrypts the program's images, secrets and logs"
  value       = module.key.arn
}

output "log_group_name" {
  description = "Name of the log group of the program's service; the key also encrypts log groups named below it"
  value       = local.log_group_name
}
