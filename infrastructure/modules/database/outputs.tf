output "instance_identifiers" {
  description = "Identifiers of the instances, for CloudWatch's dimension DBInstanceIdentifier"
  value       = local.instance_identifiers # not the instances' own, for which their alarms would wait
}

output "arn" {
  description = "The cluster"
  value       = aws_rds_cluster.this.arn
}

output "kms_key_arn" {
  description = "Key of the data, the snapshots and the secrets"
  value       = module.key.arn
}

output "endpoint" {
  description = "Host name of the writer"
  value       = aws_rds_cluster.this.endpoint

  # Without an instance nothing answers at the name.
  depends_on = [aws_rds_cluster_instance.this]
}

output "environment" {
  description = "Environment of a task that uses the database: DATABASE_HOST, _PORT and _NAME and, if it signs in with tokens, DATABASE_USERNAME and _IAM_REGION"
  value       = local.environment

  depends_on = [aws_rds_cluster_instance.this]
}

output "secrets" {
  description = "Secrets of a task that uses the database: DATABASE_USERNAME and _PASSWORD, of the application's current user; none if it signs in with tokens"
  value       = { for variable, secret in local.application_secrets : variable => secret if !var.iam_authentication }

  # A task that reads a secret needs its value.
  depends_on = [aws_secretsmanager_secret_version.application]
}

output "policies" {
  description = "Policies of the role of a task that uses the database: the right to sign in with tokens, if it does"
  value       = { for name, document in { connect-to-database = data.aws_iam_policy_document.connect.json } : name => document if var.iam_authentication }
}

output "migration_environment" {
  description = "Environment of a task that migrates: DATABASE_HOST, _PORT and _NAME, DATABASE_IAM_USERNAME, who signs in with tokens, and, unless a password is next, DATABASE_FORMER_USERNAME, whose password it disables"
  value       = merge(local.place, { DATABASE_IAM_USERNAME = local.iam_user }, local.other_is_next ? {} : { DATABASE_FORMER_USERNAME = local.other_user })

  depends_on = [aws_rds_cluster_instance.this]
}

output "migration_secrets" {
  description = "Secrets of a task that migrates: user name and password of the application's current user (DATABASE_), of the master user (DATABASE_MASTER_) and, if a password is next, of its user (DATABASE_NEXT_)"
  value       = local.migration_secrets

  depends_on = [aws_secretsmanager_secret_version.application]
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
