output "instance_identifiers" {
  description = "Identifiers of the instances, for CloudWatch's dimension DBInstanceIdentifier"
  value       = local.instance_identifiers # not the instances' own, for which their alarms would wait
}

output "endpoint" {
  description = "Host name of the writer"
  value       = aws_rds_cluster.this.endpoint

  # Without an instance nobody answers at the name.
  depends_on = [aws_rds_cluster_instance.this]
}

output "port" {
  description = "Port on which the database listens"
  value       = aws_rds_cluster.this.port
}

output "database_name" {
  description = "Name of the database in the cluster"
  value       = aws_rds_cluster.this.database_name
}

output "security_group_id" {
  description = "Security group of the database"
  value       = aws_security_group.this.id
}

output "kms_key_arn" {
  description = "Key that encrypts the data and both secrets"
  value       = module.key.arn
}

output "application_secret_arn" {
  description = "Secret of the user that the application signs in as: JSON with username and password"
  value       = aws_secretsmanager_secret.application[local.current_user].arn

  # A task that reads the secret needs its value.
  depends_on = [aws_secretsmanager_secret_version.application]
}

output "other_application_user" {
  description = "The application's other user: its name, its secret, and whether it is the next one. If not, migrations disable its password"
  value = {
    name       = local.other_user
    secret_arn = aws_secretsmanager_secret.application[local.other_user].arn
    is_next    = var.application_password.next_version != null
  }

  depends_on = [aws_secretsmanager_secret_version.application]
}

output "master_secret_arn" {
  description = "Secret of the master user: JSON with username and password. RDS creates and rotates it"
  value       = aws_rds_cluster.this.master_user_secret[0].secret_arn
}

output "log_group_name" {
  description = "Log group of PostgreSQL's log"
  value       = aws_cloudwatch_log_group.postgresql.name
}

# Aurora's default for max_connections is LEAST(memory / 9531392, 5000), and at most 2000 if the minimum
# capacity is 0 or 0.5 ACU. The memory in this formula is up to a sixth less than the instance's.
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraPostgreSQL.Managing.html#AuroraPostgreSQL.MaxConnections
output "max_connections" {
  description = "Connections that an instance's memory allows, by Aurora's formula; the operating system's share lowers it by up to a sixth"
  value       = min(floor(coalesce(local.memory_gib, 0) * 1024 * 1024 * 1024 / 9531392), local.is_serverless && var.serverless_capacity.min <= 0.5 ? 2000 : 5000)
}

output "instance_memory_bytes" {
  description = "Memory of an instance in bytes, to compare FreeableMemory with; for a serverless one, at its maximum capacity"
  value       = local.memory_gib * 1024 * 1024 * 1024

  precondition {
    condition     = local.memory_gib != null
    error_message = "The memory of ${var.instance_class} is not known here, so its alarm would be wrong: add its family and size to local.memory_gib_per_family in modules/database/main.tf."
  }
}
