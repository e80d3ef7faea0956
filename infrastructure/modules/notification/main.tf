# From an alarm to a person: topic -> function -> Slack, and the alarms about this path itself.

locals {
  function_name  = "${var.name}-alarm"
  log_group_name = "/aws/lambda/${local.function_name}" # where Lambda writes to; not ours to choose
}

module "key" {
  source = "../key"

  name               = "${var.name}-notification"
  account            = var.account
  description        = "Alarm messages, Slack's webhook and the notifying function's log of ${var.name}"
  log_group_names    = [local.log_group_name]
  service_principals = ["cloudwatch.amazonaws.com", "events.amazonaws.com", "sns.amazonaws.com"]
}

# ---------------------------------------------------------------------------------------------
# Topics: one for everything, and one by e-mail for failures of the way to Slack
# ---------------------------------------------------------------------------------------------

resource "aws_sns_topic" "alarms" {
  name              = "${var.name}-alarms"
  kms_master_key_id = module.key.arn
}

resource "aws_sns_topic" "fallback" {
  count = length(var.fallback_emails) > 0 ? 1 : 0

  name              = "${var.name}-notifier-failures"
  kms_master_key_id = module.key.arn
}

data "aws_iam_policy_document" "topic" {
  for_each = merge(
    { alarms = aws_sns_topic.alarms.arn },
    { for topic in aws_sns_topic.fallback : "fallback" => topic.arn },
    { for topic in aws_sns_topic.cloudfront : "cloudfront" => topic.arn },
  )

  statement {
    sid       = "AlarmsPublish"
    actions   = ["sns:Publish"]
    resources = [each.value]

    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com"]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["arn:${var.account.partition}:cloudwatch:${each.key == "cloudfront" ? local.cloudfront_region : var.account.region}:${var.account.id}:alarm:${var.name}-*"]
    }
  }

  # EventBridge sends no source that a condition could check:
  # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sns-permissions
  statement {
    sid       = "EventsPublish"
    actions   = ["sns:Publish"]
    resources = [each.value]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }
  }
}

resource "aws_sns_topic_policy" "alarms" {
  arn    = aws_sns_topic.alarms.arn
  policy = data.aws_iam_policy_document.topic["alarms"].json
}

resource "aws_sns_topic_policy" "fallback" {
  count = length(aws_sns_topic.fallback)

  arn    = aws_sns_topic.fallback[count.index].arn
  policy = data.aws_iam_policy_document.topic["fallback"].json
}

resource "aws_sns_topic_subscription" "function" {
  topic_arn      = aws_sns_topic.alarms.arn
  protocol       = "lambda"
  endpoint       = aws_lambda_function.this.arn
  redrive_policy = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead_letters.arn })

  depends_on = [aws_lambda_permission.topic, aws_sqs_queue_policy.dead_letters]
}

resource "aws_sns_topic_subscription" "email" {
  for_each = var.fallback_emails

  topic_arn = aws_sns_topic.fallback[0].arn
  protocol  = "email"
  endpoint  = each.value
}

# ---------------------------------------------------------------------------------------------
# Function
# ---------------------------------------------------------------------------------------------

# A person sets the value once, outside Terraform and its state:
#   aws secretsmanager put-secret-value --secret-id <name>/slack-webhook --secret-string https://hooks.slack.com/...
resource "aws_secretsmanager_secret" "webhook" {
  #checkov:skip=CKV2_AWS_57:Slack issues the value, and only a person can request another
  name                    = "${var.name}/slack-webhook"
  description             = "URL of Slack's incoming webhook for alarms"
  kms_key_id              = module.key.arn
  recovery_window_in_days = var.secret_recovery_window_days
}

data "archive_file" "function" {
  type             = "zip"
  source_dir       = var.function_directory
  output_path      = "${path.root}/build/alarm.zip"
  output_file_mode = "0644" # the same package wherever it is made
  excludes         = ["**/__pycache__/**", "__pycache__/**", "tests/**", "README.md"]
}

# Created before the function: the function would create it without key or retention.
resource "aws_cloudwatch_log_group" "function" {
  name              = local.log_group_name
  retention_in_days = var.log_retention_days
  kms_key_id        = module.key.arn
}

resource "aws_lambda_function" "this" {
  #checkov:skip=CKV_AWS_50:a handful of calls a day, each logged
  #checkov:skip=CKV_AWS_115:reserved concurrency would be taken from all other functions of the account
  #checkov:skip=CKV_AWS_117:it talks to Slack and to AWS, not to anything in the VPC
  #checkov:skip=CKV_AWS_272:its code comes from the repository, through the pipeline that applies this
  function_name    = local.function_name
  description      = "Tells Slack of alarms of ${var.name}"
  role             = module.function_role.arn
  runtime          = "python3.13"
  architectures    = ["arm64"]
  handler          = "alarm.handler"
  filename         = data.archive_file.function.output_path
  source_code_hash = data.archive_file.function.output_base64sha256
  memory_size      = 256
  timeout          = 30
  kms_key_arn      = module.key.arn

  environment {
    variables = {
      DEAD_LETTER_QUEUE_URL    = aws_sqs_queue.dead_letters.url
      PAGE_MENTION             = var.page_mention == null ? "" : var.page_mention
      RUNBOOK_URL              = var.runbook_url == null ? "" : var.runbook_url
      SLACK_WEBHOOK_SECRET_ARN = aws_secretsmanager_secret.webhook.arn
    }
  }

  dead_letter_config {
    target_arn = aws_sqs_queue.dead_letters.arn
  }

  logging_config {
    log_format = "JSON"
    log_group  = aws_cloudwatch_log_group.function.name
  }
}

# No source_account: it is for S3 and SES, whose ARNs name no account. Another service may send none, and then
# its calls are refused in silence. The topic's ARN names the account.
resource "aws_lambda_permission" "topic" {
  statement_id  = "topic"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.this.function_name
  principal     = "sns.amazonaws.com"
  source_arn    = aws_sns_topic.alarms.arn
}

data "aws_iam_policy_document" "function" {
  statement {
    sid       = "ReadWebhook"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = [aws_secretsmanager_secret.webhook.arn]
  }

  # A recovery says how long the alarm lasted, also if its data had stopped meanwhile. CloudWatch tells of composite
  # alarms only who may read all: "DescribeAlarmHistory" in its API Reference.
  statement {
    sid     = "ReadAlarmHistory"
    actions = ["cloudwatch:DescribeAlarmHistory"]
    resources = [
      for region in distinct([var.account.region, local.cloudfront_region]) :
      "arn:${var.account.partition}:cloudwatch:${region}:${var.account.id}:alarm:*"
    ]
  }

  # Which log group feeds an alarm's metric: the call names no group, so none can be named here.
  statement {
    sid       = "FindRecords"
    actions   = ["logs:DescribeMetricFilters"]
    resources = ["arn:${var.account.partition}:logs:${var.account.region}:${var.account.id}:log-group:*"]
  }

  dynamic "statement" {
    for_each = length(var.record_log_group_names) > 0 ? [var.record_log_group_names] : []

    content {
      sid       = "ReadRecords"
      actions   = ["logs:FilterLogEvents"]
      resources = [for name in statement.value : "arn:${var.account.partition}:logs:${var.account.region}:${var.account.id}:log-group:${name}:*"]
    }
  }

  # What waits for an approval: CodePipeline's event does not say.
  dynamic "statement" {
    for_each = length(var.pipeline_names) > 0 ? [var.pipeline_names] : []

    content {
      sid       = "ReadRuns"
      actions   = ["codepipeline:ListActionExecutions"]
      resources = [for name in statement.value : "arn:${var.account.partition}:codepipeline:${var.account.region}:${var.account.id}:${name}"]
    }
  }

  statement {
    sid       = "KeepDeadLetters"
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.dead_letters.arn]
  }

  # When Slack is back, they are posted.
  statement {
    sid       = "PostDeadLetters"
    actions   = ["sqs:DeleteMessage", "sqs:ReceiveMessage"]
    resources = [aws_sqs_queue.dead_letters.arn]
  }

  statement {
    sid       = "UseKey"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [module.key.arn]
  }
}

module "function_role" {
  source = "../role"

  name                     = local.function_name
  description              = "What the notifying function may do"
  service_principal        = "lambda.amazonaws.com"
  source_account_id        = null
  policies                 = { notify = data.aws_iam_policy_document.function.json }
  log_group_arns           = [aws_cloudwatch_log_group.function.arn]
  permissions_boundary_arn = var.permissions_boundary_arn
}

# ---------------------------------------------------------------------------------------------
# Undelivered notifications
# ---------------------------------------------------------------------------------------------

resource "aws_sqs_queue" "dead_letters" {
  name                      = "${var.name}-alarm-dead-letters"
  kms_master_key_id         = module.key.arn
  message_retention_seconds = 1209600 # 14 days, as long as SQS keeps anything
}

data "aws_iam_policy_document" "dead_letters" {
  statement {
    sid       = "TopicSends"
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.dead_letters.arn]

    principals {
      type        = "Service"
      identifiers = ["sns.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [aws_sns_topic.alarms.arn]
    }
  }
}

resource "aws_sqs_queue_policy" "dead_letters" {
  queue_url = aws_sqs_queue.dead_letters.id
  policy    = data.aws_iam_policy_document.dead_letters.json
}
