# The pipeline itself, and its rights.

locals {
  source_provider = local.is_codecommit ? "CodeCommit" : "CodeStarSourceConnection"

  # A push starts nothing: a person does, or the schedule of the weekly scan.
  source_configuration = local.is_codecommit ? {
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
    resources = [var.kms_key_arn]
  }

  dynamic "statement" {
    for_each = local.is_codecommit ? [var.source_repository.codecommit_repository_name] : []

    content {
      sid       = "ReadRepository"
      actions   = ["codecommit:CancelUploadArchive", "codecommit:GetBranch", "codecommit:GetCommit", "codecommit:GetUploadArchiveStatus", "codecommit:UploadArchive"]
      resources = ["arn:${var.account.partition}:codecommit:${var.account.region}:${var.account.id}:${statement.value}"]
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

module "pipeline_role" {
  source = "../role"

  name                     = local.pipeline_name
  description              = "Moves a release from stage to stage"
  service_principal        = "codepipeline.amazonaws.com"
  source_account_id        = var.account.id
  policies                 = { run-pipeline = data.aws_iam_policy_document.pipeline.json }
  permissions_boundary_arn = var.permissions_boundary_arn
}

# A person starts a release ("Release change"). Releases run one after the other.
resource "aws_codepipeline" "this" {
  name           = local.pipeline_name
  pipeline_type  = "V2"
  execution_mode = "QUEUED"
  role_arn       = module.pipeline_role.arn

  artifact_store {
    type     = "S3"
    location = module.artifacts.name

    encryption_key {
      type = "KMS"
      id   = var.kms_key_arn
    }
  }

  stage {
    name = "Source"

    action {
      name             = "Source"
      category         = "Source"
      owner            = "AWS"
      provider         = local.source_provider
      version          = "1"
      namespace        = "Source"
      output_artifacts = ["Source"]
      configuration    = local.source_configuration
    }
  }

  # One image for each program, in parallel. Each is scanned before it is pushed.
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

  # A stage has one execution at a time. So Verify belongs to Deploy: it would find the images of the next
  # release, which begins to deploy as soon as the stage is free.
  dynamic "stage" {
    for_each = [["Migrate"], ["Deploy", "Verify"]]

    content {
      name = stage.value[0]

      dynamic "action" {
        for_each = stage.value

        content {
          name            = action.value
          category        = "Build"
          owner           = "AWS"
          provider        = "CodeBuild"
          version         = "1"
          run_order       = action.key + 1
          input_artifacts = ["Source"]

          configuration = {
            ProjectName          = module.stage[lower(action.value)].name
            EnvironmentVariables = jsonencode([{ name = "IMAGE_TAG", value = "#{Source.CommitId}" }])
          }
        }
      }
    }
  }

  depends_on = [var.runs_after]
}
