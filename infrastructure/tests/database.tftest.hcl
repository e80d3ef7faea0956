# The database: who may connect, how it is protected, and where its users' secrets are.

provider "aws" {
  region = "ap-northeast-1"
}

variables {
  name                      = "test-development"
  account                   = { id = "123456789012", region = "ap-northeast-1", partition = "aws" }
  vpc_id                    = "vpc-0123456789abcdef0"
  subnet_ids                = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
  client_security_group_ids = { backend = "sg-0123456789abcdef0" }
  database_name             = "statuspage"
  deletion_protection       = true
  log_retention_days        = 7
}

run "serverless" {
  command = apply

  module {
    source = "./modules/database"
  }

  assert {
    condition     = aws_rds_cluster.this.storage_encrypted && aws_rds_cluster.this.manage_master_user_password && aws_rds_cluster.this.deletion_protection && !aws_rds_cluster.this.skip_final_snapshot
    error_message = "The data is encrypted and protected, and RDS keeps the master password."
  }

  assert {
    condition     = [for parameter in aws_rds_cluster_parameter_group.this.parameter : parameter.value if parameter.name == "rds.force_ssl"] == ["1"]
    error_message = "No connection without TLS."
  }

  assert {
    condition     = aws_rds_cluster_parameter_group.this.family == "aurora-postgresql18" && aws_db_parameter_group.this.family == "aurora-postgresql18"
    error_message = "The parameters are those of the version."
  }

  assert {
    condition     = keys(aws_vpc_security_group_ingress_rule.from_client) == ["backend"] && aws_vpc_security_group_ingress_rule.from_client["backend"].from_port == 5432
    error_message = "Only the named clients reach it, on its port."
  }

  assert {
    condition     = aws_cloudwatch_log_group.postgresql.name == "/aws/rds/cluster/${aws_rds_cluster.this.cluster_identifier}/postgresql"
    error_message = "The log group has to be the one that RDS exports to."
  }

  assert {
    condition     = output.instance_memory_bytes == 4 * 1024 * 1024 * 1024
    error_message = "2 ACU at most are 4 GiB."
  }

  assert {
    condition     = output.migration_secrets["DATABASE_MASTER_PASSWORD"].secret_arn != output.secrets["DATABASE_PASSWORD"].secret_arn
    error_message = "The application has a user of its own."
  }

  assert {
    condition     = alltrue([for secret in output.secrets : secret.secret_arn == aws_secretsmanager_secret.application["application"].arn]) && output.migration_environment["DATABASE_FORMER_USERNAME"] == "application_2" && !can(output.migration_secrets["DATABASE_NEXT_PASSWORD"])
    error_message = "It begins with its first user, and the other is of no use."
  }
}

run "a_next_password_is_made_known_in_advance" {
  command = apply

  module {
    source = "./modules/database"
  }

  variables {
    application_password = { current_version = 1, next_version = 2 }
  }

  assert {
    condition     = output.secrets["DATABASE_PASSWORD"].secret_arn == aws_secretsmanager_secret.application["application"].arn && output.migration_secrets["DATABASE_NEXT_PASSWORD"].secret_arn == aws_secretsmanager_secret.application["application_2"].arn && !can(output.migration_environment["DATABASE_FORMER_USERNAME"])
    error_message = "The application goes on with its user; the other one is next."
  }

  assert {
    condition     = aws_secretsmanager_secret_version.application["application"].secret_string_wo_version == 2 && aws_secretsmanager_secret_version.application["application_2"].secret_string_wo_version == 3
    error_message = "A password that is in use stays."
  }
}

run "it_takes_the_place_of_the_current_one" {
  command = apply

  module {
    source = "./modules/database"
  }

  variables {
    application_password = { current_version = 2 }
  }

  assert {
    condition     = output.secrets["DATABASE_PASSWORD"].secret_arn == aws_secretsmanager_secret.application["application_2"].arn && output.migration_environment["DATABASE_FORMER_USERNAME"] == "application" && !can(output.migration_secrets["DATABASE_NEXT_PASSWORD"])
    error_message = "The users have changed places."
  }

  assert {
    condition     = aws_secretsmanager_secret_version.application["application_2"].secret_string_wo_version == 3 && aws_secretsmanager_secret_version.application["application"].secret_string_wo_version == 2
    error_message = "Neither gets another password now."
  }
}

run "a_third_one_is_the_first_users_again" {
  command = plan

  module {
    source = "./modules/database"
  }

  variables {
    application_password = { current_version = 2, next_version = 3 }
  }

  assert {
    condition     = aws_secretsmanager_secret_version.application["application"].secret_string_wo_version == 4 && aws_secretsmanager_secret_version.application["application_2"].secret_string_wo_version == 3
    error_message = "The next password is a new one, of the user that is not in use."
  }
}

run "tokens_of_iam_in_place_of_the_password" {
  command = apply

  module {
    source = "./modules/database"
  }

  variables {
    iam_authentication = true
  }

  assert {
    condition     = output.secrets == {} && output.environment["DATABASE_USERNAME"] == "application_iam" && output.environment["DATABASE_IAM_REGION"] == "ap-northeast-1"
    error_message = "The application has no password."
  }

  assert {
    condition     = endswith(jsondecode(output.policies["connect-to-database"]).Statement[0].Resource, ":dbuser:${aws_rds_cluster.this.cluster_resource_id}/application_iam")
    error_message = "It may sign in as this user, in this cluster."
  }

  assert {
    condition     = output.migration_environment["DATABASE_IAM_USERNAME"] == run.serverless.migration_environment["DATABASE_IAM_USERNAME"] && output.migration_secrets == run.serverless.migration_secrets
    error_message = "Migrations keep both users, so that the application may change, and change back."
  }
}

# Each refusal costs a plan, so values that do not depend on each other share one.
run "refuses_wrong_values" {
  command = plan

  module {
    source = "./modules/database"
  }

  variables {
    subnet_ids            = ["subnet-0123456789abcdef0"] # only one
    engine_version        = "9.6"                        # Aurora lacks it
    database_name         = "status-page"                # a hyphen
    instance_class        = "db.m5.large"                # Aurora lacks it
    instance_count        = 0                            # no instance
    serverless_capacity   = { min = 4, max = 2 }         # more at least than at most
    backup_retention_days = 0                            # no backup
    application_password  = { current_version = 0 }      # no version
  }

  expect_failures = [
    var.subnet_ids,
    var.engine_version,
    var.database_name,
    var.instance_class,
    var.instance_count,
    var.serverless_capacity,
    var.backup_retention_days,
    var.application_password,
  ]
}

run "refuses_a_capacity_between_steps_and_a_next_password_of_the_same_user" {
  command = plan

  module {
    source = "./modules/database"
  }

  variables {
    serverless_capacity  = { min = 0.7, max = 2 }
    application_password = { current_version = 1, next_version = 3 }
  }

  expect_failures = [var.serverless_capacity, var.application_password]
}

run "a_major_version_is_upgraded_at_once" {
  command = plan

  module {
    source = "./modules/database"
  }

  variables {
    allow_major_version_upgrade = true
  }

  assert {
    condition     = aws_rds_cluster.this.apply_immediately
    error_message = "Until the cluster has the new version, its instances are refused the new version's parameter group."
  }
}

run "provisioned" {
  command = apply

  module {
    source = "./modules/database"
  }

  variables {
    instance_class = "db.r8g.xlarge"
    instance_count = 2
  }

  assert {
    condition     = length(aws_rds_cluster_instance.this) == 2 && length(aws_rds_cluster.this.serverlessv2_scaling_configuration) == 0
    error_message = "A writer and a reader, without serverless capacity."
  }

  assert {
    condition     = alltrue([for instance in aws_rds_cluster_instance.this : instance.apply_immediately])
    error_message = "Another class is there when the apply has ended."
  }

  assert {
    condition     = length(distinct([for instance in aws_rds_cluster_instance.this : substr(instance.preferred_maintenance_window, 0, 3)])) == 2 && alltrue([for instance in aws_rds_cluster_instance.this : tonumber(substr(instance.preferred_maintenance_window, 4, 2)) >= 18])
    error_message = "Never are two maintained on the same day, and never during the backup (17:00 to 18:00)."
  }

  assert {
    condition     = output.instance_memory_bytes == 32 * 1024 * 1024 * 1024
    error_message = "db.r8g.xlarge has 32 GiB."
  }
}

run "refuses_a_class_whose_memory_is_unknown" {
  command = plan

  module {
    source = "./modules/database"
  }

  variables {
    instance_class = "db.r8g.96xlarge"
  }

  expect_failures = [output.instance_memory_bytes]
}
