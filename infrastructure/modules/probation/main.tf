# A lifecycle hook of deployments that shift requests: ECS asks a function whether the new tasks have run for
# long enough, before the first visitor reaches one.

locals {
  function_name  = "${var.name}-probation"
  log_group_name = "/aws/lambda/${local.function_name}" # where Lambda writes to; not ours to choose
}

data "archive_file" "function" {
  type             = "zip"
  source_dir       = var.function_directory
  output_path      = "${path.root}/build/probation.zip"
  output_file_mode = "0644" # the same package wherever it is made
  excludes         = ["**/__pycache__/**", "__pycache__/**"]
}

# Created before the function: the function would create it without key or retention.
resource "aws_cloudwatch_log_group" "function" {
  #checkov:skip=CKV_AWS_338:the environment decides for how long
  name              = local.log_group_name
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_lambda_function" "this" {
  #checkov:skip=CKV_AWS_50:a few calls in each deployment, each logged
  #checkov:skip=CKV_AWS_115:reserved concurrency would be taken from all other functions of the account
  #checkov:skip=CKV_AWS_116:ECS waits for its answer, and takes an error for a refusal
  #checkov:skip=CKV_AWS_117:it talks to AWS, not to anything in the VPC
  #checkov:skip=CKV_AWS_272:its code comes from the repository, through the pipeline that applies this
  function_name    = local.function_name
  description      = "Says whether the new tasks of ${var.name} may get requests"
  role             = module.function_role.arn
  runtime          = "python3.13"
  architectures    = ["arm64"]
  handler          = "probation.handler"
  filename         = data.archive_file.function.output_path
  source_code_hash = data.archive_file.function.output_base64sha256
  memory_size      = 256
  timeout          = 30

  logging_config {
    log_format = "JSON"
    log_group  = aws_cloudwatch_log_group.function.name
  }
}

data "aws_iam_policy_document" "function" {
  statement {
    sid       = "SeeDeployments"
    actions   = ["ecs:DescribeServices"]
    resources = ["arn:${var.account.partition}:ecs:${var.account.region}:${var.account.id}:service/${var.cluster_name}/*"]
  }

  statement {
    sid       = "SeeTasks"
    actions   = ["ecs:DescribeTasks", "ecs:ListTasks"]
    resources = ["*"]

    condition {
      test     = "ArnEquals"
      variable = "ecs:cluster"
      values   = [var.cluster_arn]
    }
  }
}

module "function_role" {
  source = "../role"

  name                     = local.function_name
  description              = "What the function may do that deployments of ${var.name} wait for"
  service_principal        = "lambda.amazonaws.com"
  source_account_id        = null
  policies                 = { look = data.aws_iam_policy_document.function.json }
  log_group_arns           = [aws_cloudwatch_log_group.function.arn]
  permissions_boundary_arn = var.permissions_boundary_arn
}
