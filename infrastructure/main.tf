provider "aws" {
  region = var.region

  default_tags {
    tags = local.tags
  }
}

locals {
  name = "${var.service_name}-${var.environment_identifier}"

  tags = {
    Service     = var.service_name
    Environment = var.environment_identifier
    ManagedBy   = "terraform"
  }

  # On this port every program listens, and under its own name: http://backend:8000.
  port = 8000

  # Python is what each image has; curl is not.
  health_check = {
    for path in ["/healthcheck", "/api/v1/healthcheck"] : path => [
      "python", "-c",
      "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}${path}', timeout=4)",
    ]
  }

  # What the CloudFormation stack of the Terraform pipeline calls its pipeline.
  terraform_pipeline_name = "${local.name}-pipeline-tf"

  exec = var.exec_enabled ? {
    kms_key_arn   = module.cluster.exec_key_arn
    log_group_arn = module.cluster.exec_log_group_arn
  } : null

  database_environment = {
    DATABASE_HOST = module.database.endpoint
    DATABASE_PORT = tostring(module.database.port)
    DATABASE_NAME = module.database.database_name
  }

  # The application's user, never the master user: that one's password changes every 7 days.
  application_secret = {
    secret_arn  = module.database.application_secret_arn
    kms_key_arn = module.database.kms_key_arn
  }

  database_secrets = {
    DATABASE_USERNAME = merge(local.application_secret, { json_key = "username" })
    DATABASE_PASSWORD = merge(local.application_secret, { json_key = "password" })
  }

  master_secret = {
    secret_arn  = module.database.master_secret_arn
    kms_key_arn = module.database.kms_key_arn
  }

  database_master_secrets = {
    DATABASE_MASTER_USERNAME = merge(local.master_secret, { json_key = "username" })
    DATABASE_MASTER_PASSWORD = merge(local.master_secret, { json_key = "password" })
  }
}

module "network" {
  source = "./modules/network"

  name                             = local.name
  cidr_block                       = var.vpc_cidr_block
  availability_zones               = var.availability_zones
  endpoint_availability_zone_count = var.endpoint_availability_zone_count
  log_retention_days               = var.log_retention_days
  permissions_boundary_arn         = var.permissions_boundary_arn
}

module "edge" {
  source = "./modules/edge"

  name                   = local.name
  vpc_id                 = module.network.vpc_id
  subnet_ids             = module.network.subnet_ids["ingress"]
  domain                 = var.domain
  price_class            = var.price_class
  access_log_bucket      = module.logging.access_log_bucket
  origin_header          = var.origin_header
  uncached_path_patterns = ["/api/*", "/admin*"]
  static_path_patterns   = ["/static/*"]
  deletion_protection    = var.deletion_protection
  log_retention_days     = var.log_retention_days

  targets = {
    backend = {
      port              = local.port
      health_check_path = "/api/v1/healthcheck"
      path_patterns     = ["/api/*"]
      priority          = 100
    }
    frontend = {
      port              = local.port
      health_check_path = "/healthcheck"
    }
  }
}

module "logging" {
  source = "./modules/logging"

  name                  = local.name
  bucket_retention_days = var.log_bucket_retention_days
  deletion_protection   = var.deletion_protection
}

module "cluster" {
  source = "./modules/cluster"

  name               = local.name
  container_insights = var.container_insights
}

module "database" {
  source = "./modules/database"

  name                         = local.name
  vpc_id                       = module.network.vpc_id
  subnet_ids                   = module.network.subnet_ids["database"]
  client_security_group_ids    = { backend = module.backend.security_group_id }
  engine_version               = var.database.engine_version
  allow_major_version_upgrade  = var.database.allow_major_version_upgrade
  database_name                = replace(var.service_name, "-", "_")
  instance_class               = var.database.instance_class
  instance_count               = var.database.instance_count
  serverless_capacity          = var.database.serverless_capacity
  backup_retention_days        = var.database.backup_retention_days
  application_password_version = var.database.application_password_version
  deletion_protection          = var.deletion_protection
  log_retention_days           = var.log_retention_days
  permissions_boundary_arn     = var.permissions_boundary_arn
}

module "backend" {
  source = "./modules/service"

  name                            = local.name
  service_name                    = "backend"
  cluster_arn                     = module.cluster.arn
  cluster_name                    = module.cluster.name
  namespace_arn                   = module.cluster.namespace_arn
  service_connect_name            = "backend"
  vpc_id                          = module.network.vpc_id
  subnet_ids                      = module.network.subnet_ids["app"]
  endpoint_security_group_id      = module.network.endpoint_security_group_id
  s3_prefix_list_id               = module.network.s3_prefix_list_id
  target_group_arn                = module.edge.target_group_arns["backend"]
  load_balancer_security_group_id = module.edge.load_balancer_security_group_id
  client_security_group_ids       = { frontend = module.frontend.security_group_id }
  port                            = local.port
  cpu                             = var.backend.cpu
  memory                          = var.backend.memory
  scaling                         = var.backend.scaling
  cpu_architecture                = var.cpu_architecture
  capacity_provider               = var.capacity_provider
  health_check_command            = local.health_check["/api/v1/healthcheck"]
  exec                            = local.exec
  bootstrap                       = var.bootstrap
  deletion_protection             = var.deletion_protection
  log_retention_days              = var.log_retention_days
  log_router                      = module.logging.router
  permissions_boundary_arn        = var.permissions_boundary_arn
  environment                     = merge(local.database_environment, { LOG_LEVEL = var.log_level })
  secrets                         = local.database_secrets
}

# Run once before each release, never as a service: creates the application's database user,
# migrates the schema and makes the first administrator.
module "backend_migrate" {
  source = "./modules/task"

  name                        = "${local.name}-backend-migrate"
  container_name              = module.backend.container_name
  image                       = module.backend.image
  repository_arn              = module.backend.repository.arn
  command                     = ["python", "-m", "backend", "migrate"]
  cpu                         = var.backend.cpu
  memory                      = var.backend.memory
  cpu_architecture            = var.cpu_architecture
  environment                 = merge(local.database_environment, { LOG_LEVEL = var.log_level })
  secrets                     = merge(local.database_secrets, local.database_master_secrets)
  secret_prefix               = local.name
  secret_recovery_window_days = var.deletion_protection ? 30 : 0
  kms_key_arn                 = module.backend.kms_key_arn
  log_group_name              = "${module.backend.log_group_name}/migrate"
  log_retention_days          = var.log_retention_days
  log_router                  = module.logging.router
  permissions_boundary_arn    = var.permissions_boundary_arn

  generated_secrets = {
    administrator = {
      environment_name = "ADMINISTRATOR_PASSWORD"
      description      = "First password of the administrator (user: admin)"
      length           = 24
    }
  }
}

module "frontend" {
  source = "./modules/service"

  name                            = local.name
  service_name                    = "frontend"
  cluster_arn                     = module.cluster.arn
  cluster_name                    = module.cluster.name
  namespace_arn                   = module.cluster.namespace_arn
  vpc_id                          = module.network.vpc_id
  subnet_ids                      = module.network.subnet_ids["app"]
  endpoint_security_group_id      = module.network.endpoint_security_group_id
  s3_prefix_list_id               = module.network.s3_prefix_list_id
  target_group_arn                = module.edge.target_group_arns["frontend"]
  load_balancer_security_group_id = module.edge.load_balancer_security_group_id
  port                            = local.port
  cpu                             = var.frontend.cpu
  memory                          = var.frontend.memory
  scaling                         = var.frontend.scaling
  cpu_architecture                = var.cpu_architecture
  capacity_provider               = var.capacity_provider
  health_check_command            = local.health_check["/healthcheck"]
  exec                            = local.exec
  bootstrap                       = var.bootstrap
  deletion_protection             = var.deletion_protection
  log_retention_days              = var.log_retention_days
  log_router                      = module.logging.router
  permissions_boundary_arn        = var.permissions_boundary_arn

  environment = {
    BACKEND_URL = module.backend.url
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

module "delivery" {
  source = "./modules/delivery"

  name                       = local.name
  vpc_id                     = module.network.vpc_id
  subnet_ids                 = module.network.subnet_ids["management"]
  endpoint_security_group_id = module.network.endpoint_security_group_id
  access_log_bucket          = module.logging.access_log_bucket
  source_repository          = var.source_repository
  cpu_architecture           = var.cpu_architecture
  trivy                      = var.trivy
  cluster_name               = module.cluster.name
  cluster_arn                = module.cluster.arn
  log_retention_days         = var.log_retention_days
  permissions_boundary_arn   = var.permissions_boundary_arn

  repositories = {
    backend   = module.backend.repository
    frontend  = module.frontend.repository
    fluentbit = module.logging.router_repository
  }

  services = {
    for name, service in { backend = module.backend, frontend = module.frontend } : name => {
      service_name                 = service.name
      service_arn                  = service.arn
      task_definition_family       = service.task_definition_family
      container_name               = service.container_name
      role_arns                    = service.role_arns
    }
  }

  migrate = {
    task_definition_family = module.backend_migrate.family
    container_name         = module.backend_migrate.container_name
    role_arns              = [module.backend_migrate.execution_role_arn, module.backend_migrate.task_role_arn]
    subnet_ids             = module.network.subnet_ids["app"]
    security_group_id      = module.backend.security_group_id
    log_group_name         = module.backend_migrate.log_group_name
  }
}

module "monitoring" {
  source = "./modules/monitoring"

  name                        = local.name
  cluster_name                = module.cluster.name
  load_balancer_arn_suffix    = module.edge.load_balancer_arn_suffix
  web_acl_metric_name         = module.edge.web_acl_metric_name
  pipeline_names              = [module.delivery.pipeline_name, local.terraform_pipeline_name]
  thresholds                  = var.thresholds
  function_directory          = "${path.root}/../program/functions/alarm"
  fallback_emails             = var.fallback_emails
  secret_recovery_window_days = var.deletion_protection ? 30 : 0
  log_retention_days          = var.log_retention_days
  permissions_boundary_arn    = var.permissions_boundary_arn

  services = {
    backend = {
      service_name            = module.backend.name
      log_group_names         = [module.backend.log_group_name, module.backend_migrate.log_group_name]
      target_group_arn_suffix = module.edge.target_group_arn_suffixes["backend"]
    }
    frontend = {
      service_name            = module.frontend.name
      log_group_names         = [module.frontend.log_group_name]
      target_group_arn_suffix = module.edge.target_group_arn_suffixes["frontend"]
    }
  }

  database = {
    instance_identifiers  = module.database.instance_identifiers
    instance_memory_bytes = module.database.instance_memory_bytes
    log_group_name        = module.database.log_group_name
  }
}

# For releases of programs. Who may release infrastructure is said by the Terraform pipeline's stack.
module "operators" {
  source = "./modules/operators"

  name                     = local.name
  principal_arns           = var.operators.principal_arns
  mfa_required             = var.operators.mfa_required
  pipeline_names           = [module.delivery.pipeline_name]
  cluster_arn              = module.cluster.arn
  exec                     = local.exec
  permissions_boundary_arn = var.permissions_boundary_arn

  log_group_names = [
    module.backend.log_group_name,
    module.backend_migrate.log_group_name,
    module.frontend.log_group_name,
    module.database.log_group_name,
    module.delivery.build_log_group_name,
    module.cluster.exec_log_group_name,
    module.edge.web_acl_log_group_name,
    module.monitoring.notification_log_group_name,
  ]

  program_logs = {
    bucket_arn  = module.logging.router.bucket_arn
    kms_key_arn = module.logging.router.kms_key_arn
  }
}
