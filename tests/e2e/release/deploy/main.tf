# A pipeline of its own: Source, Build, Approve, Publish.

terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  region = "ap-northeast-1"
}

data "aws_caller_identity" "current" {}

resource "aws_kms_key" "artifacts" {
  description = "Artifacts"
}

resource "aws_s3_bucket" "artifacts" {
  bucket = "release-artifacts"
}

resource "aws_s3_bucket_versioning" "artifacts" {
  bucket = aws_s3_bucket.artifacts.bucket

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket" "site" {
  bucket = "release-site"
}

resource "aws_codecommit_repository" "app" {
  repository_name = "app"
}

resource "aws_sns_topic" "people" {
  name = "release-people"
}

resource "aws_sqs_queue" "people" {
  name = "release-people"
}

data "aws_iam_policy_document" "queue" {
  statement {
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.people.arn]

    principals {
      type        = "Service"
      identifiers = ["sns.amazonaws.com"]
    }
  }
}

resource "aws_sqs_queue_policy" "people" {
  queue_url = aws_sqs_queue.people.id
  policy    = data.aws_iam_policy_document.queue.json
}

resource "aws_sns_topic_subscription" "people" {
  topic_arn            = aws_sns_topic.people.arn
  protocol             = "sqs"
  endpoint             = aws_sqs_queue.people.arn
  raw_message_delivery = true
}

# A failed pipeline is heard of, too.
resource "aws_cloudwatch_event_rule" "failed" {
  name = "release-failed"

  event_pattern = jsonencode({
    source      = ["aws.codepipeline"]
    detail-type = ["CodePipeline Pipeline Execution State Change"]
    detail      = { state = ["FAILED"] }
  })
}

resource "aws_cloudwatch_event_target" "failed" {
  rule = aws_cloudwatch_event_rule.failed.name
  arn  = aws_sqs_queue.failures.arn
}

resource "aws_sqs_queue" "failures" {
  name = "release-failures"
}

data "aws_iam_policy_document" "failures" {
  statement {
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.failures.arn]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }
  }
}

resource "aws_sqs_queue_policy" "failures" {
  queue_url = aws_sqs_queue.failures.id
  policy    = data.aws_iam_policy_document.failures.json
}

data "aws_iam_policy_document" "trust" {
  for_each = toset(["codepipeline", "codebuild"])

  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["${each.key}.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "this" {
  for_each = toset(["codepipeline", "codebuild"])

  name               = "release-${each.key}"
  assume_role_policy = data.aws_iam_policy_document.trust[each.key].json
}

data "aws_iam_policy_document" "artifacts" {
  statement {
    actions   = ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"]
    resources = ["${aws_s3_bucket.artifacts.arn}/*", "${aws_s3_bucket.site.arn}/*"]
  }

  statement {
    actions   = ["kms:Decrypt", "kms:GenerateDataKey*"]
    resources = [aws_kms_key.artifacts.arn]
  }

  statement {
    actions   = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["*"]
  }
}

data "aws_iam_policy_document" "pipeline" {
  source_policy_documents = [data.aws_iam_policy_document.artifacts.json]

  statement {
    actions   = ["codebuild:StartBuild", "codebuild:BatchGetBuilds"]
    resources = [aws_codebuild_project.app.arn]
  }

  statement {
    actions = [
      "codecommit:GetBranch", "codecommit:GetCommit", "codecommit:UploadArchive",
      "codecommit:GetUploadArchiveStatus", "codecommit:CancelUploadArchive",
    ]
    resources = [aws_codecommit_repository.app.arn]
  }

  statement {
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.people.arn]
  }
}

resource "aws_iam_role_policy" "pipeline" {
  role   = aws_iam_role.this["codepipeline"].id
  policy = data.aws_iam_policy_document.pipeline.json
}

resource "aws_iam_role_policy" "build" {
  role   = aws_iam_role.this["codebuild"].id
  policy = data.aws_iam_policy_document.artifacts.json
}

resource "aws_codebuild_project" "app" {
  name         = "release-app"
  service_role = aws_iam_role.this["codebuild"].arn

  artifacts {
    type = "CODEPIPELINE"
  }

  source {
    type = "CODEPIPELINE"
  }

  environment {
    compute_type = "BUILD_GENERAL1_SMALL"
    image        = "aws/codebuild/standard:7.0"
    type         = "LINUX_CONTAINER"
  }
}

resource "aws_codepipeline" "app" {
  name           = "release-app"
  role_arn       = aws_iam_role.this["codepipeline"].arn
  pipeline_type  = "V2"
  execution_mode = "QUEUED"

  artifact_store {
    type     = "S3"
    location = aws_s3_bucket.artifacts.bucket

    encryption_key {
      type = "KMS"
      id   = aws_kms_key.artifacts.arn
    }
  }

  stage {
    name = "Source"

    action {
      name             = "Source"
      category         = "Source"
      owner            = "AWS"
      provider         = "CodeCommit"
      version          = "1"
      namespace        = "source"
      output_artifacts = ["Source"]

      configuration = {
        RepositoryName       = aws_codecommit_repository.app.repository_name
        BranchName           = "main"
        PollForSourceChanges = "false"
      }
    }
  }

  stage {
    name = "Build"

    action {
      name             = "Build"
      category         = "Build"
      owner            = "AWS"
      provider         = "CodeBuild"
      version          = "1"
      namespace        = "build"
      input_artifacts  = ["Source"]
      output_artifacts = ["Built"]

      configuration = {
        ProjectName          = aws_codebuild_project.app.name
        EnvironmentVariables = jsonencode([{ name = "TAG", value = "#{source.CommitId}" }])
      }
    }
  }

  stage {
    name = "Approve"

    before_entry {
      condition {
        result = "SKIP"

        rule {
          name = "HasNews"

          rule_type_id {
            category = "Rule"
            owner    = "AWS"
            provider = "VariableCheck"
            version  = "1"
          }

          configuration = {
            Variable = "#{build.SUMMARY}"
            Operator = "NE"
            Value    = "nothing new"
          }
        }
      }
    }

    action {
      name     = "Approve"
      category = "Approval"
      owner    = "AWS"
      provider = "Manual"
      version  = "1"

      configuration = {
        CustomData      = "#{build.SUMMARY} of #{source.CommitId}"
        NotificationArn = aws_sns_topic.people.arn
      }
    }
  }

  stage {
    name = "Publish"

    before_entry {
      condition {
        result = "FAIL"

        rule {
          name            = "HasText"
          input_artifacts = ["Built"]
          commands        = ["test -s message.txt", "echo $(cat message.txt) is published"]

          rule_type_id {
            category = "Rule"
            owner    = "AWS"
            provider = "Commands"
            version  = "1"
          }
        }
      }
    }

    action {
      name            = "Publish"
      category        = "Deploy"
      owner           = "AWS"
      provider        = "S3"
      version         = "1"
      input_artifacts = ["Built"]

      configuration = {
        BucketName = aws_s3_bucket.site.bucket
        Extract    = "true"
      }
    }
  }
}
