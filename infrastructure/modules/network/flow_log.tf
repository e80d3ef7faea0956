# Flow logs: the connections in the VPC.

resource "aws_cloudwatch_log_group" "flow" {
  #checkov:skip=CKV_AWS_338:the environment decides for how long
  name              = "/vpc/${var.name}/flow"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

# Without what AWS asks for at least, the log stays empty and nothing fails. Only to create the group is left
# out, since it exists: https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html
data "aws_iam_policy_document" "flow_log" {
  statement {
    actions   = ["logs:DescribeLogStreams"]
    resources = ["${aws_cloudwatch_log_group.flow.arn}:*"]
  }

  # The call names no group.
  statement {
    actions   = ["logs:DescribeLogGroups"]
    resources = ["*"]
  }
}

module "flow_log_role" {
  source = "../role"

  name                     = "${var.name}-flow-log"
  description              = "Lets the VPC write its flow log"
  service_principal        = "vpc-flow-logs.amazonaws.com"
  source_account_id        = var.account.id
  policies                 = { find-log-streams = data.aws_iam_policy_document.flow_log.json }
  log_group_arns           = [aws_cloudwatch_log_group.flow.arn]
  permissions_boundary_arn = var.permissions_boundary_arn
}

resource "aws_flow_log" "this" {
  vpc_id                   = aws_vpc.this.id
  traffic_type             = "ALL"
  log_destination_type     = "cloud-watch-logs"
  log_destination          = aws_cloudwatch_log_group.flow.arn
  iam_role_arn             = module.flow_log_role.arn
  max_aggregation_interval = 600

  tags = { Name = var.name }
}
