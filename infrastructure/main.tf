provider "aws" {
  region = var.region

  default_tags {
    tags = local.tags
  }
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  name = "${var.service_name}-${var.environment_identifier}"

  # Read once, and handed to every module: a data source in each one would be read dozens of times,
  # and a module with depends_on would know its account only in the apply.
  account = {
    id        = data.aws_caller_identity.current.account_id
    region    = var.region
    partition = data.aws_partition.current.partition
  }

  tags = {
    Service     = var.service_name
    Environment = var.environment_identifier
    ManagedBy   = "terraform"
  }

  # The account of the vault that gets copies of the database's snapshots, if it is another one.
  copying_account_ids = tolist(setsubtract([for copy in var.database.backup_copy[*] : element(split(":", copy.vault_arn), 4)], [local.account.id]))

  # Every program listens on this port, under its own name: http://backend:8000.
  port = 8000

  # For how long a deleted secret can be recovered.
  secret_recovery_window_days = var.deletion_protection ? 30 : 0

  programs = toset(["backend", "frontend"])

  repositories = merge(
    { for name, repository in module.repository : name => repository.release },
    { fluentbit = module.logging.router_release },
  )

  # Deployments that shift requests, instead of replacing the tasks in turn.
  shifts = var.deployment.strategy != "ROLLING"

  # The load balancer's health checks, and ECS's.
  health_check_paths = {
    backend  = "/api/v1/healthcheck"
    frontend = "/healthcheck"
  }

  # What a release has to answer, beside its health checks: of each program a page that CloudFront never
  # keeps, so that a failure shows its status, and one that is made of all that is behind it.
  release_pages = {
    backend  = ["/api/v1/readiness", "/api/v1/status"]
    frontend = ["/admin/sign-in", "/"]
  }

  # The pipeline's name in the CloudFormation stack of the Terraform pipeline.
  terraform_pipeline_name = "${local.name}-pipeline-tf"

  exec = var.exec_enabled ? {
    kms_key_arn   = module.cluster.exec_key_arn
    log_group_arn = module.cluster.exec_log_group_arn
  } : null
}

# Customer managed keys, one for each kind of data and of reader. Those of the database and of the alarms'
# messages are in their modules.
module "program_key" {
  source = "./modules/key"

  name            = "${local.name}-program"
  account         = local.account
  description     = "The programs of ${local.name}: images, secrets, logs, builds"
  log_group_names = ["/aws/lambda/${local.name}-probation", "/aws/lambda/cwsyn-${local.name}-*", "/codebuild/${local.name}-pipeline-program", "/ecs/${local.name}/*"]
}

module "log_key" {
  source = "./modules/key"

  name            = "${local.name}-log"
  account         = local.account
  description     = "Logs of people and visitors of ${local.name}: shells, connections, requests"
  log_group_names = ["/ecs/${local.name}/exec", "/vpc/${local.name}/flow", "aws-waf-logs-${local.name}"]
}

module "network" {
  source = "./modules/network"

  name                             = local.name
  account                          = local.account
  kms_key_arn                      = module.log_key.arn
  cidr_block                       = var.vpc_cidr_block
  availability_zones               = var.availability_zones
  endpoint_availability_zone_count = var.endpoint_availability_zone_count
  log_retention_days               = var.log_retention_days
  permissions_boundary_arn         = var.permissions_boundary_arn
}

# A warning in every plan, not an error: a trial needs no domain.
check "origin_is_encrypted" {
  assert {
    condition     = var.domain != null || var.internal_load_balancer || !var.deletion_protection
    error_message = "Without a domain, CloudFront and the load balancer speak plain HTTP across the internet: passwords, cookies and the secret header can be read there. Set domain or internal_load_balancer before real users rely on this environment."
  }
}

module "web_acl" {
  source = "./modules/web_acl"

  name               = local.name
  account            = local.account
  kms_key_arn        = module.log_key.arn
  origin_header      = var.origin_header
  log_retention_days = var.log_retention_days
}

module "visitor_acl" {
  source = "./modules/visitor_acl"
  count  = var.visitor_limits == null ? 0 : 1

  name          = local.name
  sign_in_paths = ["/admin/sign-in", "/api/v1/sessions"]
  limits        = var.visitor_limits
}

module "edge" {
  source = "./modules/edge"

  name                    = local.name
  vpc_id                  = module.network.vpc_id
  subnet_ids              = module.network.subnet_ids[var.internal_load_balancer ? "app" : "ingress"]
  internal                = var.internal_load_balancer
  shifting                = local.shifts
  domain                  = var.domain
  price_class             = var.price_class
  access_log_bucket       = module.logging.access_log_bucket
  web_acl_arn             = module.web_acl.arn
  visitor_acl_arn         = one(module.visitor_acl[*].arn)
  origin_header           = module.web_acl.origin_header
  interface_path_patterns = ["/api/*"]
  uncached_path_patterns  = ["/admin*"]
  static_path_patterns    = ["/static/*"]
  deletion_protection     = var.deletion_protection

  targets = {
    backend = {
      port              = local.port
      health_check_path = local.health_check_paths["backend"]
      path_patterns     = ["/api/*"]
      priority          = 100
    }
    frontend = {
      port              = local.port
      health_check_path = local.health_check_paths["frontend"]
    }
  }
}

module "logging" {
  source = "./modules/logging"

  name                  = local.name
  account               = local.account
  kms_key_arn           = module.log_key.arn
  bucket_retention_days = var.log_bucket_retention_days
  deletion_protection   = var.deletion_protection
}

module "log_tables" {
  source = "./modules/log_tables"

  name               = local.name
  account            = local.account
  kms_key_arn        = module.log_key.arn
  programs           = local.programs
  program_log_bucket = module.logging.program_log_bucket
  access_log_bucket  = module.logging.access_log_bucket
  retention_days     = var.log_bucket_retention_days

  deletion_protection = var.deletion_protection
}

module "cluster" {
  source = "./modules/cluster"

  name               = local.name
  account            = local.account
  kms_key_arn        = module.log_key.arn
  container_insights = var.container_insights
}

module "database" {
  source = "./modules/database"

  name                        = local.name
  account                     = local.account
  vpc_id                      = module.network.vpc_id
  subnet_ids                  = module.network.subnet_ids["database"]
  client_security_group_ids   = { backend = module.backend_service.security_group_id }
  engine_version              = var.database.engine_version
  allow_major_version_upgrade = var.database.allow_major_version_upgrade
  database_name               = replace(var.service_name, "-", "_")
  instance_class              = var.database.instance_class
  instance_count              = var.database.instance_count
  serverless_capacity         = var.database.serverless_capacity
  backup_retention_days       = var.database.backup_retention_days
  application_password        = var.database.application_password
  iam_authentication          = var.database.iam_authentication
  copying_account_ids         = local.copying_account_ids
  deletion_protection         = var.deletion_protection
  log_retention_days          = var.log_retention_days
  permissions_boundary_arn    = var.permissions_boundary_arn
}

module "repository" {
  source   = "./modules/repository"
  for_each = local.programs

  name                = "${local.name}/${each.key}"
  kms_key_arn         = module.program_key.arn
  deletion_protection = var.deletion_protection
}

module "backend_task" {
  source = "./modules/task"

  name                        = local.name
  account                     = local.account
  program_name                = "backend"
  image                       = module.repository["backend"].image
  repository_arn              = module.repository["backend"].arn
  kms_key_arn                 = module.program_key.arn
  port                        = local.port
  cpu                         = var.backend.cpu
  memory                      = var.backend.memory
  cpu_architecture            = var.cpu_architecture
  health_check_path           = local.health_check_paths["backend"]
  environment                 = merge(module.database.environment, { LOG_LEVEL = var.log_level })
  secrets                     = module.database.secrets
  policies                    = module.database.policies
  secret_recovery_window_days = local.secret_recovery_window_days
  exec                        = local.exec
  log_router                  = module.logging.router
  log_retention_days          = var.log_retention_days
  permissions_boundary_arn    = var.permissions_boundary_arn
}

# Run once before each release, never as a service: creates the application's database user,
# migrates the schema and makes the first administrator.
module "backend_migrate_task" {
  source = "./modules/task"

  name                        = local.name
  account                     = local.account
  program_name                = "backend"
  image                       = module.repository["backend"].image
  repository_arn              = module.repository["backend"].arn
  kms_key_arn                 = module.program_key.arn
  purpose                     = "migrate"
  command                     = ["python", "-m", "backend", "migrate"]
  cpu                         = var.backend.cpu
  memory                      = var.backend.memory
  cpu_architecture            = var.cpu_architecture
  environment                 = merge(module.database.migration_environment, { LOG_LEVEL = var.log_level })
  secrets                     = module.database.migration_secrets
  secret_recovery_window_days = local.secret_recovery_window_days
  log_router                  = module.logging.router
  log_retention_days          = var.log_retention_days
  permissions_boundary_arn    = var.permissions_boundary_arn

  generated_secrets = {
    administrator = {
      environment_name = "ADMINISTRATOR_PASSWORD"
      description      = "First password of the administrator (user: admin)"
      length           = 24
    }
  }
}

module "frontend_task" {
  source = "./modules/task"

  name                        = local.name
  account                     = local.account
  program_name                = "frontend"
  image                       = module.repository["frontend"].image
  repository_arn              = module.repository["frontend"].arn
  kms_key_arn                 = module.program_key.arn
  port                        = local.port
  cpu                         = var.frontend.cpu
  memory                      = var.frontend.memory
  cpu_architecture            = var.cpu_architecture
  health_check_path           = local.health_check_paths["frontend"]
  secret_recovery_window_days = local.secret_recovery_window_days
  exec                        = local.exec
  log_router                  = module.logging.router
  log_retention_days          = var.log_retention_days
  permissions_boundary_arn    = var.permissions_boundary_arn

  environment = {
    BACKEND_URL = module.backend_service.url
    LOG_LEVEL   = var.log_level
    PUBLIC_URL  = module.edge.url
  }

  generated_secrets = {
    session = {
      environment_name = "SESSION_SECRET"
      description      = "Signs the frontend's cookies"
      version          = var.session_secret_version
      length           = 64
    }
  }
}

module "probation" {
  source = "./modules/probation"
  count  = local.shifts ? 1 : 0

  name                     = local.name
  account                  = local.account
  function_directory       = "${path.root}/../program/functions/probation"
  kms_key_arn              = module.program_key.arn
  cluster_name             = module.cluster.name
  cluster_arn              = module.cluster.arn
  log_retention_days       = var.log_retention_days
  permissions_boundary_arn = var.permissions_boundary_arn
}

module "backend_service" {
  source = "./modules/service"

  name                            = "${local.name}-backend"
  account                         = local.account
  task_definition_arn             = module.backend_task.arn
  container_name                  = module.backend_task.container_name
  container_port                  = local.port
  exec_enabled                    = var.exec_enabled
  cluster_name                    = module.cluster.name
  cluster_arn                     = module.cluster.arn
  namespace_arn                   = module.cluster.namespace_arn
  service_connect_name            = "backend"
  vpc_id                          = module.network.vpc_id
  subnet_ids                      = module.network.subnet_ids["app"]
  endpoint_security_group_id      = module.network.endpoint_security_group_id
  s3_prefix_list_id               = module.network.s3_prefix_list_id
  target_group                    = module.edge.target_groups["backend"]
  deployment                      = var.deployment
  probation_function_arn          = one(module.probation[*].function_arn)
  load_balancer_security_group_id = module.edge.load_balancer_security_group_id
  client_security_group_ids       = { frontend = module.frontend_service.security_group_id }
  capacity_provider               = var.capacity_provider
  scaling                         = var.backend.scaling
  deployment_alarm_names          = module.monitoring.deployment_alarm_names["backend"]
  bootstrap                       = var.bootstrap
  permissions_boundary_arn        = var.permissions_boundary_arn
}

module "frontend_service" {
  source = "./modules/service"

  name                            = "${local.name}-frontend"
  account                         = local.account
  task_definition_arn             = module.frontend_task.arn
  container_name                  = module.frontend_task.container_name
  container_port                  = local.port
  exec_enabled                    = var.exec_enabled
  cluster_name                    = module.cluster.name
  cluster_arn                     = module.cluster.arn
  namespace_arn                   = module.cluster.namespace_arn
  vpc_id                          = module.network.vpc_id
  subnet_ids                      = module.network.subnet_ids["app"]
  endpoint_security_group_id      = module.network.endpoint_security_group_id
  s3_prefix_list_id               = module.network.s3_prefix_list_id
  target_group                    = module.edge.target_groups["frontend"]
  deployment                      = var.deployment
  probation_function_arn          = one(module.probation[*].function_arn)
  load_balancer_security_group_id = module.edge.load_balancer_security_group_id
  capacity_provider               = var.capacity_provider
  scaling                         = var.frontend.scaling
  deployment_alarm_names          = module.monitoring.deployment_alarm_names["frontend"]
  bootstrap                       = var.bootstrap
  permissions_boundary_arn        = var.permissions_boundary_arn
}

module "delivery" {
  source = "./modules/delivery"

  name                       = local.name
  account                    = local.account
  kms_key_arn                = module.program_key.arn
  vpc_id                     = module.network.vpc_id
  subnet_ids                 = module.network.subnet_ids["management"]
  endpoint_security_group_id = module.network.endpoint_security_group_id
  access_log_bucket          = module.logging.access_log_bucket
  source_repository          = var.source_repository
  cpu_architecture           = var.cpu_architecture
  trivy                      = var.trivy
  cluster_name               = module.cluster.name
  cluster_arn                = module.cluster.arn
  repositories               = local.repositories
  site_url                   = module.edge.url
  log_retention_days         = var.log_retention_days
  permissions_boundary_arn   = var.permissions_boundary_arn

  services = {
    backend  = { service = module.backend_service.release, task = module.backend_task.release, pages = local.release_pages["backend"] }
    frontend = { service = module.frontend_service.release, task = module.frontend_task.release, pages = local.release_pages["frontend"] }
  }

  migrate = {
    task              = module.backend_migrate_task.release
    subnet_ids        = module.network.subnet_ids["app"]
    security_group_id = module.backend_service.security_group_id
  }

  runs_after = [module.backend_migrate_task.arn, module.backend_service.arn, module.frontend_service.arn]
}

module "monitoring" {
  source = "./modules/monitoring"

  name                        = local.name
  account                     = local.account
  cluster_name                = module.cluster.name
  container_insights          = var.container_insights != "disabled"
  distribution_id             = module.edge.distribution_id
  load_balancer_arn_suffix    = module.edge.load_balancer_arn_suffix
  web_acl_metric_name         = module.web_acl.metric_name
  certificate                 = module.edge.certificate
  pipeline_names              = [module.delivery.pipeline_name, module.delivery.rescan_pipeline_name, local.terraform_pipeline_name]
  thresholds                  = var.thresholds
  objectives                  = var.objectives
  function_directory          = "${path.root}/../program/functions/alarm"
  fallback_emails             = var.fallback_emails
  page_mention                = var.page_mention
  runbook_url                 = var.runbook_url
  secret_recovery_window_days = local.secret_recovery_window_days
  log_retention_days          = var.log_retention_days
  permissions_boundary_arn    = var.permissions_boundary_arn

  services = {
    backend = {
      service_name              = module.backend_service.name
      scaling                   = var.bootstrap ? null : var.backend.scaling
      log_group_names           = [module.backend_task.log_group_name, module.backend_migrate_task.log_group_name]
      target_group_arn_suffixes = module.edge.target_group_arn_suffixes["backend"]
    }
    frontend = {
      service_name              = module.frontend_service.name
      scaling                   = var.bootstrap ? null : var.frontend.scaling
      log_group_names           = [module.frontend_task.log_group_name]
      target_group_arn_suffixes = module.edge.target_group_arn_suffixes["frontend"]
    }
  }

  database = {
    instance_identifiers  = module.database.instance_identifiers
    instance_memory_bytes = module.database.instance_memory_bytes
    max_connections       = module.database.max_connections
    log_group_name        = module.database.log_group_name
  }
}

module "backup" {
  source = "./modules/backup"
  count  = var.database.backup_copy == null ? 0 : 1

  name                     = local.name
  account                  = local.account
  cluster_arn              = module.database.arn
  kms_key_arn              = module.database.kms_key_arn
  copy                     = var.database.backup_copy
  topic_arn                = module.monitoring.topic_arn
  deletion_protection      = var.deletion_protection
  permissions_boundary_arn = var.permissions_boundary_arn
}

module "budget" {
  source = "./modules/budget"
  count  = var.budget_usd_per_month == null && var.cost_anomaly == null ? 0 : 1

  name          = local.name
  usd_per_month = var.budget_usd_per_month
  anomaly       = var.cost_anomaly
  emails        = var.fallback_emails
}

module "audit" {
  source = "./modules/audit"
  count  = var.audit.cloudtrail || var.audit.guardduty ? 1 : 0

  name              = local.name
  account           = local.account
  cloudtrail        = var.audit.cloudtrail
  guardduty         = var.audit.guardduty
  topic_arn         = module.monitoring.topic_arn
  access_log_bucket = module.logging.access_log_bucket
  retention_days    = var.log_bucket_retention_days

  deletion_protection = var.deletion_protection
}

module "canary" {
  source = "./modules/canary"
  count  = var.canary == null ? 0 : 1

  name                     = local.name
  account                  = local.account
  function_directory       = "${path.root}/../program/functions/canary"
  site_url                 = module.edge.url
  pages                    = flatten(values(local.release_pages))
  minutes                  = var.canary.minutes
  topic_arn                = module.monitoring.topic_arn
  runbook_url              = var.runbook_url
  kms_key_arn              = module.program_key.arn
  access_log_bucket        = module.logging.access_log_bucket
  log_retention_days       = var.log_retention_days
  permissions_boundary_arn = var.permissions_boundary_arn
}

# For releases of programs. The Terraform pipeline's stack decides who may release infrastructure.
module "operators" {
  source = "./modules/operators"

  name           = local.name
  account        = local.account
  principal_arns = var.operators.principal_arns
  mfa_required   = var.operators.mfa_required

  identity_center_permission_sets = var.operators.identity_center_permission_sets

  pipeline_names           = [module.delivery.pipeline_name, module.delivery.rescan_pipeline_name]
  cluster_arn              = module.cluster.arn
  exec                     = local.exec
  permissions_boundary_arn = var.permissions_boundary_arn

  log_group_names = concat([
    module.backend_task.log_group_name,
    module.backend_migrate_task.log_group_name,
    module.frontend_task.log_group_name,
    module.database.log_group_name,
    module.delivery.build_log_group_name,
    module.cluster.exec_log_group_name,
    module.web_acl.log_group_name,
    module.monitoring.notification_log_group_name,
  ], module.probation[*].log_group_name, module.canary[*].log_group_name)

  program_logs = {
    bucket_arn  = module.logging.router.bucket_arn
    kms_key_arn = module.logging.router.kms_key_arn
  }

  policies = module.log_tables.policies
}
