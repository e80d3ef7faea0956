# CloudFront's metrics are in us-east-1 alone, and an alarm publishes to a topic of its own region. So
# this region has a topic too, with a key. It has no dead-letter queue: one would need the same again.

locals {
  cloudfront_region  = "us-east-1"
  cloudfront_account = merge(var.account, { region = local.cloudfront_region })
  is_elsewhere       = var.account.region != local.cloudfront_region
}

module "cloudfront_key" {
  source = "../key"
  count  = local.is_elsewhere ? 1 : 0

  name               = "${var.name}-notification"
  account            = local.cloudfront_account
  description        = "Messages of alarms of ${var.name} on CloudFront"
  service_principals = ["cloudwatch.amazonaws.com", "sns.amazonaws.com"]
}

resource "aws_sns_topic" "cloudfront" {
  count = local.is_elsewhere ? 1 : 0

  region            = local.cloudfront_region
  name              = "${var.name}-alarms"
  kms_master_key_id = module.cloudfront_key[0].arn
}

resource "aws_sns_topic_policy" "cloudfront" {
  count = length(aws_sns_topic.cloudfront)

  region = local.cloudfront_region
  arn    = aws_sns_topic.cloudfront[count.index].arn
  policy = data.aws_iam_policy_document.topic["cloudfront"].json
}

resource "aws_lambda_permission" "cloudfront_topic" {
  count = length(aws_sns_topic.cloudfront)

  statement_id  = "cloudfront-topic"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.this.function_name
  principal     = "sns.amazonaws.com"
  source_arn    = aws_sns_topic.cloudfront[count.index].arn
}

# https://docs.aws.amazon.com/sns/latest/dg/sns-cross-region-delivery.html
resource "aws_sns_topic_subscription" "cloudfront_function" {
  count = length(aws_sns_topic.cloudfront)

  region    = local.cloudfront_region
  topic_arn = aws_sns_topic.cloudfront[count.index].arn
  protocol  = "lambda"
  endpoint  = aws_lambda_function.this.arn

  depends_on = [aws_lambda_permission.cloudfront_topic]
}
