# One customer managed key, used inside the module that owns what it encrypts.

data "aws_iam_policy_document" "this" {
  #checkov:skip=CKV_AWS_109:a key policy concerns only its own key
  #checkov:skip=CKV_AWS_111:a key policy concerns only its own key
  #checkov:skip=CKV_AWS_356:in a key policy "*" is that key
  # Without this statement the key could never be managed again. IAM policies decide who may do so.
  statement {
    sid       = "AccountAdministersKey"
    actions   = ["kms:*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["arn:${var.account.partition}:iam::${var.account.id}:root"]
    }
  }

  dynamic "statement" {
    for_each = length(var.log_group_names) > 0 ? [var.log_group_names] : []

    content {
      sid       = "CloudWatchLogsEncrypts"
      actions   = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
      resources = ["*"]

      principals {
        type        = "Service"
        identifiers = ["logs.${var.account.region}.amazonaws.com"]
      }

      condition {
        test     = "ArnEquals"
        variable = "kms:EncryptionContext:aws:logs:arn"
        values   = [for name in statement.value : "arn:${var.account.partition}:logs:${var.account.region}:${var.account.id}:log-group:${name}"]
      }
    }
  }

  # No condition on the source: EventBridge does not send one. The topic or queue of the key, with its
  # own policy, limits what these services encrypt.
  dynamic "statement" {
    for_each = length(var.service_principals) > 0 ? [var.service_principals] : []

    content {
      sid       = "ServicesEncrypt"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey*"]
      resources = ["*"]

      principals {
        type        = "Service"
        identifiers = statement.value
      }
    }
  }

  dynamic "statement" {
    for_each = length(var.copying_account_ids) > 0 ? [var.copying_account_ids] : []

    content {
      sid       = "AccountsCopy"
      actions   = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
      resources = ["*"]

      principals {
        type        = "AWS"
        identifiers = [for id in statement.value : "arn:${var.account.partition}:iam::${id}:root"]
      }
    }
  }

  dynamic "statement" {
    for_each = length(var.copying_account_ids) > 0 ? [var.copying_account_ids] : []

    content {
      sid       = "AccountsGrantToServices"
      actions   = ["kms:CreateGrant"]
      resources = ["*"]

      principals {
        type        = "AWS"
        identifiers = [for id in statement.value : "arn:${var.account.partition}:iam::${id}:root"]
      }

      condition {
        test     = "Bool"
        variable = "kms:GrantIsForAWSResource"
        values   = ["true"]
      }
    }
  }
}

resource "aws_kms_key" "this" {
  region                  = var.account.region
  description             = var.description
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = data.aws_iam_policy_document.this.json
}

resource "aws_kms_alias" "this" {
  region        = var.account.region
  name          = "alias/${var.name}"
  target_key_id = aws_kms_key.this.key_id
}
