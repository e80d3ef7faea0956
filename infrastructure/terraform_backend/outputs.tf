output "init_command" {
  description = "How to initialise the root module with this backend."
  value = join(" ", [
    "terraform init",
    "-backend-config=bucket=${module.bucket.name}",
    "-backend-config=key=terraform.tfstate",
    "-backend-config=region=${var.region}",
    "-backend-config=kms_key_id=${aws_kms_key.this.arn}",
    "-backend-config=use_lockfile=true",
  ])
}

output "bucket_name" {
  description = "The state bucket."
  value       = module.bucket.name
}

output "lock_table_name" {
  description = "The lock table, for locking with DynamoDB (dynamodb_table, deprecated since Terraform 1.11)."
  value       = aws_dynamodb_table.lock.name
}

output "kms_key_arn" {
  description = "The key that encrypts the state."
  value       = aws_kms_key.this.arn
}
