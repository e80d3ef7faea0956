# The pipeline that releases the programs: Source, Build (with a scan of each image), Migrate, Deploy
# (with Verify). Its builds run environment/buildspecs/program_*.yaml, each with a role of its own.

locals {
  pipeline_name  = "${var.name}-pipeline-program"
  log_group_name = "/codebuild/${local.pipeline_name}"
  is_codecommit  = var.source_repository.codecommit_repository_name != null

  # The facts about the system that the stages need.
  release = {
    cluster  = var.cluster_name
    site     = var.site_url
    services = { for name, found in var.services : name => { service = found.service.name, family = found.task.family, container = found.task.container_name, tasks = found.service.min_capacity, pages = found.pages } }
    migrate = {
      family         = var.migrate.task.family
      container      = var.migrate.task.container_name
      subnets        = var.migrate.subnet_ids
      security_group = var.migrate.security_group_id
      log_group      = var.migrate.task.log_group_name
    }
    images = { for name, repository in var.repositories : name => { repository = repository.url, tag_parameter = repository.image_tag_parameter.name } }
  }
}

resource "aws_cloudwatch_log_group" "this" {
  name              = local.log_group_name
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

module "artifacts" {
  source = "../bucket"

  name              = "${var.name}-program-artifacts-${var.account.id}"
  kms_key_arn       = var.kms_key_arn
  access_log_bucket = var.access_log_bucket
  retention_days    = 30
  force_destroy     = true # a copy of the source, made anew by every run
}

# ---------------------------------------------------------------------------------------------
# Builds, each with its own role
# ---------------------------------------------------------------------------------------------

locals {
  # Only a build of images needs Docker, and the privileges that Docker needs.
  stages = {
    build   = { description = "Builds and scans an image, and pushes it", privileged = true, timeout_minutes = 30 }
    migrate = { description = "Migrates the database, as a task of its own", privileged = false, timeout_minutes = 30 }
    deploy  = { description = "Lets the services run the new images, and looks at their pages", privileged = false, timeout_minutes = 60 }
    verify  = { description = "Fails unless what runs is what was built; records it as released", privileged = false, timeout_minutes = 15 }
  }

  # Beside the stages, not in them: all that a stage has would wait for what its rights name.
  policies = {
    build   = data.aws_iam_policy_document.build.json
    migrate = data.aws_iam_policy_document.migrate.json
    deploy  = data.aws_iam_policy_document.deploy.json
    verify  = data.aws_iam_policy_document.verify.json
  }
}

module "stage" {
  source   = "../build"
  for_each = local.stages

  name                     = "${local.pipeline_name}-${each.key}"
  account                  = var.account
  description              = each.value.description
  buildspec                = "environment/buildspecs/program_${each.key}.yaml"
  policy                   = local.policies[each.key]
  privileged               = each.value.privileged
  timeout_minutes          = each.value.timeout_minutes
  cpu_architecture         = var.cpu_architecture
  vpc_id                   = var.vpc_id
  subnet_ids               = var.subnet_ids
  security_group_id        = aws_security_group.this.id
  permissions_boundary_arn = var.permissions_boundary_arn

  environment = {
    RELEASE        = jsonencode(local.release)
    TRIVY_VERSION  = var.trivy.version
    TRIVY_SHA256   = var.trivy.sha256
    TRIVY_PLATFORM = var.cpu_architecture == "ARM64" ? "Linux-ARM64" : "Linux-64bit"
  }

  artifacts = {
    bucket_arn  = module.artifacts.arn
    kms_key_arn = var.kms_key_arn
  }

  log = {
    group_name  = aws_cloudwatch_log_group.this.name
    group_arn   = aws_cloudwatch_log_group.this.arn
    stream_name = each.key
  }
}
