# A role that one AWS service may assume, only for this account, and the role's rights.

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = [var.service_principal]
    }

    # Otherwise the service could be made to act here for another account:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    dynamic "condition" {
      for_each = var.source_account_id[*]

      content {
        test     = "StringEquals"
        variable = "aws:SourceAccount"
        values   = [condition.value]
      }
    }
  }
}

data "aws_iam_policy_document" "write_log" {
  count = length(var.log_group_arns) > 0 ? 1 : 0

  statement {
    sid       = "WriteLog"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = [for arn in var.log_group_arns : "${arn}:*"]
  }
}

locals {
  policies = merge(
    var.policies,
    { for document in data.aws_iam_policy_document.write_log : "write-log" => document.json },
  )
}

resource "aws_iam_role" "this" {
  name                 = var.name
  description          = var.description
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  permissions_boundary = var.permissions_boundary_arn
}

resource "aws_iam_role_policy" "this" {
  for_each = local.policies

  name   = each.key
  role   = aws_iam_role.this.id
  policy = each.value
}

resource "aws_iam_role_policy_attachment" "this" {
  for_each = var.managed_policy_arns

  role       = aws_iam_role.this.name
  policy_arn = each.value
}
