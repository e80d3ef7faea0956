# The pipeline that releases the programs: Source, Build (with a scan of each image), Migrate,
# Deploy, Verify. Its stages run environment/buildspecs/program_*.yaml, each with a role of its own.

data "aws_caller_identity" "current" {}

data "aws_region" "current" {}

locals {
  account_id     = data.aws_caller_identity.current.account_id
  region         = data.aws_region.current.region
  pipeline_name  = "${var.name}-pipeline-program"
  log_group_name = "/codebuild/${local.pipeline_name}"
  is_codecommit  = var.source_repository.codecommit_repository_name != null

  # What the stages need to know of the system; each takes its part by jq.
  release = {
    cluster  = var.cluster.name
    services = { for name, found in var.services : name => { service = found.service.name, family = found.task.family, container = found.task.container_name } }
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

module "key" {
  source = "../key"

  name            = local.pipeline_name
  description     = "Artifacts and build logs of ${local.pipeline_name}"
  log_group_names = [local.log_group_name]
}

resource "aws_cloudwatch_log_group" "this" {
  name              = local.log_group_name
  retention_in_days = var.log_retention_days
  kms_key_id        = module.key.arn
}

module "artifacts" {
  source = "../bucket"

  name              = "${var.name}-program-artifacts-${local.account_id}"
  kms_key_arn       = module.key.arn
  access_log_bucket = var.access_log_bucket
  retention_days    = 30
  force_destroy     = true # a copy of the source, made anew by every run
}

# ---------------------------------------------------------------------------------------------
# Network: from the management subnets through the NAT gateway, and to the interface endpoints
# ---------------------------------------------------------------------------------------------

resource "aws_security_group" "this" {
  #checkov:skip=CKV2_AWS_5:module build attaches it
  name        = local.pipeline_name
  description = "Builds: to the internet, from nowhere"
  vpc_id      = var.vpc_id

  tags = { Name = local.pipeline_name }
}

# Registries have no fixed addresses; what comes back is checked by hash or scanned.
#trivy:ignore:AWS-0104
resource "aws_vpc_security_group_egress_rule" "to_internet" {
  security_group_id = aws_security_group.this.id
  description       = "To package registries and AWS, by TLS"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_vpc_security_group_ingress_rule" "endpoints_from_this" {
  security_group_id            = var.endpoint_security_group_id
  description                  = "From builds"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  referenced_security_group_id = aws_security_group.this.id
}

# ---------------------------------------------------------------------------------------------
# Stages, each a build with a role of its own
# ---------------------------------------------------------------------------------------------

locals {
  # Only a build of images needs Docker, and the privileges that Docker needs.
  stages = {
    build   = { description = "Builds and scans an image, and pushes it", privileged = true, timeout_minutes = 30, policy = data.aws_iam_policy_document.build.json }
    migrate = { description = "Migrates the database, as a task of its own", privileged = false, timeout_minutes = 30, policy = data.aws_iam_policy_document.migrate.json }
    deploy  = { description = "Lets the services run the new images", privileged = false, timeout_minutes = 45, policy = data.aws_iam_policy_document.deploy.json }
    verify  = { description = "Fails unless what runs is what was built; records it as released", privileged = false, timeout_minutes = 15, policy = data.aws_iam_policy_document.verify.json }
  }
}

module "stage" {
  source   = "../build"
  for_each = local.stages

  name                     = "${local.pipeline_name}-${each.key}"
  description              = each.value.description
  buildspec                = "environment/buildspecs/program_${each.key}.yaml"
  policy                   = each.value.policy
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
    kms_key_arn = module.key.arn
  }

  log = {
    group_name  = aws_cloudwatch_log_group.this.name
    group_arn   = aws_cloudwatch_log_group.this.arn
    stream_name = each.key
  }
}

data "aws_iam_policy_document" "build" {
  # The one ECR action that has no resource to name.
  statement {
    sid       = "SignInToRegistry"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"]
  }

  statement {
    sid = "PushImages"
    actions = [
      "ecr:BatchCheckLayerAvailability",
      "ecr:BatchGetImage",
      "ecr:CompleteLayerUpload",
      "ecr:DescribeImages",
      "ecr:GetDownloadUrlForLayer",
      "ecr:InitiateLayerUpload",
      "ecr:PutImage",
      "ecr:UploadLayerPart",
    ]
    resources = [for repository in var.repositories : repository.arn]
  }
}

# Both stages that change what runs register a revision first: the same task, with the new image.
locals {
  registered_tasks = {
    migrate = [var.migrate.task]
    deploy  = [for found in var.services : found.task]
  }

  task_definition_arns = {
    for stage, tasks in local.registered_tasks : stage => [
      for task in tasks : "arn:aws:ecs:${local.region}:${local.account_id}:task-definition/${task.family}:*"
    ]
  }
}

data "aws_iam_policy_document" "register" {
  for_each = local.registered_tasks

  # Neither action takes a resource to name. What a revision may be is bounded by PassRoles, and
  # which one runs by the statements of each stage:
  # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html
  statement {
    sid       = "RegisterRevision"
    actions   = ["ecs:DescribeTaskDefinition", "ecs:RegisterTaskDefinition"]
    resources = ["*"]
  }

  statement {
    sid       = "KeepTags"
    actions   = ["ecs:TagResource"]
    resources = local.task_definition_arns[each.key]

    condition {
      test     = "StringEquals"
      variable = "ecs:CreateAction"
      values   = ["RegisterTaskDefinition"]
    }
  }

  statement {
    sid       = "PassRoles"
    actions   = ["iam:PassRole"]
    resources = flatten(each.value[*].role_arns)

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["ecs-tasks.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "migrate" {
  source_policy_documents = [data.aws_iam_policy_document.register["migrate"].json]

  statement {
    sid       = "RunMigration"
    actions   = ["ecs:RunTask"]
    resources = local.task_definition_arns["migrate"]

    condition {
      test     = "ArnEquals"
      variable = "ecs:cluster"
      values   = [var.cluster.arn]
    }
  }

  statement {
    sid       = "WatchMigration"
    actions   = ["ecs:DescribeTasks"]
    resources = ["arn:aws:ecs:${local.region}:${local.account_id}:task/${var.cluster.name}/*"]
  }
}

data "aws_iam_policy_document" "deploy" {
  source_policy_documents = [data.aws_iam_policy_document.register["deploy"].json]

  statement {
    sid       = "UpdateServices"
    actions   = ["ecs:DescribeServices", "ecs:UpdateService"]
    resources = [for found in var.services : found.service.arn]
  }

  # The first release sets the number of tasks, which from then on is auto scaling's.
  statement {
    sid       = "ReadScaling"
    actions   = ["application-autoscaling:DescribeScalableTargets"]
    resources = ["*"]
  }
}

data "aws_iam_policy_document" "verify" {
  statement {
    sid       = "SeeServices"
    actions   = ["ecs:DescribeServices"]
    resources = [for found in var.services : found.service.arn]
  }

  statement {
    sid       = "SeeTasks"
    actions   = ["ecs:DescribeTasks", "ecs:ListTasks"]
    resources = ["*"]

    condition {
      test     = "ArnEquals"
      variable = "ecs:cluster"
      values   = [var.cluster.arn]
    }
  }

  # A revision that ECS rolled back must not stay the latest, or Terraform would take it for released.
  statement {
    sid       = "WithdrawRevision"
    actions   = ["ecs:DeregisterTaskDefinition", "ecs:DescribeTaskDefinition"]
    resources = ["*"]
  }

  statement {
    sid       = "SeeImages"
    actions   = ["ecr:DescribeImages"]
    resources = [for repository in var.repositories : repository.arn]
  }

  statement {
    sid       = "RecordRelease"
    actions   = ["ssm:PutParameter"]
    resources = [for repository in var.repositories : repository.image_tag_parameter.arn]
  }
}

# ---------------------------------------------------------------------------------------------
# Pipeline
# ---------------------------------------------------------------------------------------------

data "aws_iam_policy_document" "pipeline_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["codepipeline.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account_id]
    }
  }
}

data "aws_iam_policy_document" "pipeline" {
  statement {
    sid       = "RunStages"
    actions   = ["codebuild:BatchGetBuilds", "codebuild:StartBuild"]
    resources = [for stage in module.stage : stage.arn]
  }

  statement {
    sid       = "HandOnSource"
    actions   = ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"]
    resources = ["${module.artifacts.arn}/*"]
  }

  statement {
    sid       = "FindBucket"
    actions   = ["s3:GetBucketLocation", "s3:GetBucketVersioning"]
    resources = [module.artifacts.arn]
  }

  statement {
    sid       = "EncryptSource"
    actions   = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey*"]
    resources = [module.key.arn]
  }

  dynamic "statement" {
    for_each = local.is_codecommit ? [var.source_repository.codecommit_repository_name] : []

    content {
      sid       = "ReadRepository"
      actions   = ["codecommit:CancelUploadArchive", "codecommit:GetBranch", "codecommit:GetCommit", "codecommit:GetUploadArchiveStatus", "codecommit:UploadArchive"]
      resources = ["arn:aws:codecommit:${local.region}:${local.account_id}:${statement.value}"]
    }
  }

  dynamic "statement" {
    for_each = local.is_codecommit ? [] : [var.source_repository.connection_arn]

    content {
      sid       = "UseConnection"
      actions   = ["codeconnections:UseConnection", "codestar-connections:UseConnection"]
      resources = [statement.value]
    }
  }
}

resource "aws_iam_role" "pipeline" {
  name                 = local.pipeline_name
  description          = "Moves a release from stage to stage"
  assume_role_policy   = data.aws_iam_policy_document.pipeline_trust.json
  permissions_boundary = var.permissions_boundary_arn
}

resource "aws_iam_role_policy" "pipeline" {
  name   = "run-pipeline"
  role   = aws_iam_role.pipeline.id
  policy = data.aws_iam_policy_document.pipeline.json
}

# A release is begun by a person ("Release change"), and one waits for the other.
resource "aws_codepipeline" "this" {
  name           = local.pipeline_name
  pipeline_type  = "V2"
  execution_mode = "QUEUED"
  role_arn       = aws_iam_role.pipeline.arn

  artifact_store {
    type     = "S3"
    location = module.artifacts.name

    encryption_key {
      type = "KMS"
      id   = module.key.arn
    }
  }

  stage {
    name = "Source"

    action {
      name             = "Source"
      category         = "Source"
      owner            = "AWS"
      provider         = local.is_codecommit ? "CodeCommit" : "CodeStarSourceConnection"
      version          = "1"
      namespace        = "Source"
      output_artifacts = ["Source"]

      configuration = local.is_codecommit ? {
        RepositoryName       = var.source_repository.codecommit_repository_name
        BranchName           = var.source_repository.branch
        PollForSourceChanges = "false"
        } : {
        ConnectionArn    = var.source_repository.connection_arn
        FullRepositoryId = var.source_repository.repository_id
        BranchName       = var.source_repository.branch
        DetectChanges    = "false"
      }
    }
  }

  # One image a program, side by side; each is scanned before it is pushed.
  stage {
    name = "Build"

    dynamic "action" {
      for_each = local.release.images

      content {
        name            = action.key
        category        = "Build"
        owner           = "AWS"
        provider        = "CodeBuild"
        version         = "1"
        input_artifacts = ["Source"]

        configuration = {
          ProjectName = module.stage["build"].name
          EnvironmentVariables = jsonencode([
            { name = "PROGRAM", value = action.key },
            { name = "REPOSITORY", value = action.value.repository },
            { name = "IMAGE_TAG", value = "#{Source.CommitId}" },
          ])
        }
      }
    }
  }

  dynamic "stage" {
    for_each = ["Migrate", "Deploy", "Verify"]

    content {
      name = stage.value

      action {
        name            = stage.value
        category        = "Build"
        owner           = "AWS"
        provider        = "CodeBuild"
        version         = "1"
        input_artifacts = ["Source"]

        configuration = {
          ProjectName          = module.stage[lower(stage.value)].name
          EnvironmentVariables = jsonencode([{ name = "IMAGE_TAG", value = "#{Source.CommitId}" }])
        }
      }
    }
  }

  depends_on = [aws_iam_role_policy.pipeline]
}
