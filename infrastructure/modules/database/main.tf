# Aurora PostgreSQL, its network rules, its log and its users' secrets.

locals {
  identifier     = "${var.name}-database"
  port           = 5432
  family         = "aurora-postgresql${split(".", var.engine_version)[0]}"
  is_serverless  = var.instance_class == "db.serverless"
  log_group_name = "/aws/rds/cluster/${local.identifier}/postgresql" # where RDS exports to; not ours to choose

  days                 = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
  instance_identifiers = [for number in range(var.instance_count) : "${local.identifier}-${number + 1}"]
}

# The memory of an instance, for the alarm on free memory.
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Concepts.DBInstanceClass.Summary.html
locals {
  memory_gib_per_family = {
    r = { large = 16, xlarge = 32, "2xlarge" = 64, "4xlarge" = 128, "8xlarge" = 256, "12xlarge" = 384, "16xlarge" = 512, "24xlarge" = 768 }
    t = { medium = 4, large = 8 }
    x = { large = 32, xlarge = 64, "2xlarge" = 128, "4xlarge" = 256, "8xlarge" = 512, "12xlarge" = 768, "16xlarge" = 1024 }
  }

  class_parts = split(".", var.instance_class)
  memory_gib  = local.is_serverless ? var.serverless_capacity.max * 2 : try(local.memory_gib_per_family[substr(local.class_parts[1], 0, 1)][local.class_parts[2]], null)
}

module "key" {
  source = "../key"

  name            = local.identifier
  account         = var.account
  description     = "Data, backups, secrets and log of ${local.identifier}"
  log_group_names = [local.log_group_name]

  copying_account_ids = var.copying_account_ids
}

# ---------------------------------------------------------------------------------------------
# Network
# ---------------------------------------------------------------------------------------------

resource "aws_db_subnet_group" "this" {
  name        = local.identifier
  description = "Database subnets of ${var.name}"
  subnet_ids  = var.subnet_ids
}

resource "aws_security_group" "this" {
  name        = local.identifier
  description = "Database: from its clients, to nowhere"
  vpc_id      = var.vpc_id

  tags = { Name = local.identifier }
}

resource "aws_vpc_security_group_ingress_rule" "from_client" {
  for_each = var.client_security_group_ids

  security_group_id            = aws_security_group.this.id
  description                  = "From ${each.key}"
  ip_protocol                  = "tcp"
  from_port                    = local.port
  to_port                      = local.port
  referenced_security_group_id = each.value
}

resource "aws_vpc_security_group_egress_rule" "client_to_this" {
  for_each = var.client_security_group_ids

  security_group_id            = each.value
  description                  = "To the database"
  ip_protocol                  = "tcp"
  from_port                    = local.port
  to_port                      = local.port
  referenced_security_group_id = aws_security_group.this.id
}

# ---------------------------------------------------------------------------------------------
# Parameters
# ---------------------------------------------------------------------------------------------

resource "aws_rds_cluster_parameter_group" "this" {
  name        = "${local.identifier}-${local.family}"
  description = "Cluster parameters of ${local.identifier}"
  family      = local.family

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }

  lifecycle {
    create_before_destroy = true
  }
}

# Statements are not logged by kind: a migration sets the application's password in one.
resource "aws_db_parameter_group" "this" {
  name        = "${local.identifier}-${local.family}"
  description = "Instance parameters of ${local.identifier}"
  family      = local.family

  dynamic "parameter" {
    for_each = {
      idle_in_transaction_session_timeout = "60000" # ms: a forgotten transaction holds locks
      log_lock_waits                      = "1"
      log_min_duration_statement          = "1000" # ms
      log_min_error_statement             = "error"
      log_min_messages                    = "warning" # FATAL and ERROR, which the alarms count, are above it
      log_temp_files                      = "10240"   # KiB: a sort that did not fit in memory
    }

    content {
      name  = parameter.key
      value = parameter.value
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

# ---------------------------------------------------------------------------------------------
# Cluster
# ---------------------------------------------------------------------------------------------

# Created before the cluster: the cluster would create it without key or retention.
resource "aws_cloudwatch_log_group" "postgresql" {
  name              = local.log_group_name
  retention_in_days = var.log_retention_days
  kms_key_id        = module.key.arn
}

module "monitoring_role" {
  source = "../role"

  name                     = "${local.identifier}-monitoring"
  description              = "Lets RDS write the operating system's metrics (Enhanced Monitoring)"
  service_principal        = "monitoring.rds.amazonaws.com"
  source_account_id        = var.account.id
  managed_policy_arns      = { monitoring = "arn:${var.account.partition}:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole" }
  permissions_boundary_arn = var.permissions_boundary_arn
}

# The environment decides about protection; production has it.
#trivy:ignore:AWS-0343
resource "aws_rds_cluster" "this" {
  #checkov:skip=CKV2_AWS_8:Aurora backs up continuously, to any second within the retention
  #checkov:skip=CKV2_AWS_27:slow and failing statements are logged; logging all would cost more than it helps
  cluster_identifier = local.identifier
  engine             = "aurora-postgresql"
  engine_version     = var.engine_version
  database_name      = var.database_name
  port               = local.port

  # RDS creates the master password, keeps it in Secrets Manager and rotates it every 7 days. Only
  # migrations use it; they read it each time.
  master_username               = "postgres"
  manage_master_user_password   = true
  master_user_secret_kms_key_id = module.key.arn

  db_subnet_group_name                = aws_db_subnet_group.this.name
  vpc_security_group_ids              = [aws_security_group.this.id]
  db_cluster_parameter_group_name     = aws_rds_cluster_parameter_group.this.name
  db_instance_parameter_group_name    = aws_db_parameter_group.this.name
  iam_database_authentication_enabled = true
  storage_encrypted                   = true
  kms_key_id                          = module.key.arn
  enabled_cloudwatch_logs_exports     = ["postgresql"]

  backup_retention_period      = var.backup_retention_days
  preferred_backup_window      = "17:00-18:00" # UTC: 02:00 in Tokyo
  preferred_maintenance_window = "sun:18:30-sun:19:30"
  copy_tags_to_snapshot        = true
  delete_automated_backups     = !var.deletion_protection
  deletion_protection          = var.deletion_protection
  skip_final_snapshot          = !var.deletion_protection
  final_snapshot_identifier    = var.deletion_protection ? "${local.identifier}-final" : null

  # The instances need the new major version before they can have its parameter group. So the change
  # does not wait for the maintenance window.
  allow_major_version_upgrade = var.allow_major_version_upgrade
  apply_immediately           = var.allow_major_version_upgrade

  dynamic "serverlessv2_scaling_configuration" {
    for_each = local.is_serverless ? [var.serverless_capacity] : []

    content {
      min_capacity = serverlessv2_scaling_configuration.value.min
      max_capacity = serverlessv2_scaling_configuration.value.max
    }
  }

  depends_on = [aws_cloudwatch_log_group.postgresql]
}

resource "aws_rds_cluster_instance" "this" {
  count = var.instance_count

  identifier                      = local.instance_identifiers[count.index]
  cluster_identifier              = aws_rds_cluster.this.id
  engine                          = aws_rds_cluster.this.engine
  instance_class                  = var.instance_class
  db_parameter_group_name         = aws_db_parameter_group.this.name
  publicly_accessible             = false
  auto_minor_version_upgrade      = true
  ca_cert_identifier              = "rds-ca-rsa2048-g1"
  performance_insights_enabled    = true
  performance_insights_kms_key_id = module.key.arn
  monitoring_interval             = 60
  monitoring_role_arn             = module.monitoring_role.arn
  copy_tags_to_snapshot           = true
  promotion_tier                  = count.index # the first is the writer, the next takes over

  # Otherwise a larger class waits for the window, and until then every plan shows it again.
  apply_immediately = true

  # Each on a day of its own, so that a writer and its readers never restart in the same hour.
  preferred_maintenance_window = join("-", formatlist("%s:%s", element(local.days, count.index), ["18:30", "19:30"]))
}
