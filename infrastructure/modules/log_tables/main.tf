# Tables over the logs in S3, which Athena queries with SQL: the programs' records, and the load balancer's requests. A
# table only describes files, so it costs nothing until a query reads them. Partitions follow from the time (partition
# projection): nothing has to add them, and a query of an hour reads that hour alone.

locals {
  # In SQL a name with a hyphen would need quotes.
  database = replace(var.name, "-", "_")

  catalog_arn = "arn:${var.account.partition}:glue:${var.account.region}:${var.account.id}"
  bucket_arns = { for name, bucket in { program = var.program_log_bucket, access = var.access_log_bucket } : name => "arn:${var.account.partition}:s3:::${bucket}" }
}

resource "aws_glue_catalog_database" "this" {
  name        = local.database
  description = "Logs of ${var.name} in S3"
}

resource "aws_glue_catalog_table" "this" {
  for_each = local.tables

  name          = each.key
  database_name = aws_glue_catalog_database.this.name
  description   = each.value.description
  table_type    = "EXTERNAL_TABLE"

  parameters = merge({ EXTERNAL = "TRUE", "projection.enabled" = "true", "storage.location.template" = each.value.template }, each.value.projection)

  dynamic "partition_keys" {
    for_each = each.value.partitions

    content {
      name = partition_keys.value
      type = "string"
    }
  }

  storage_descriptor {
    location      = each.value.location
    input_format  = "org.apache.hadoop.mapred.TextInputFormat"
    output_format = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"

    ser_de_info {
      serialization_library = each.value.serde.library
      parameters            = each.value.serde.parameters
    }

    dynamic "columns" {
      for_each = each.value.columns

      content {
        name = columns.value[0]
        type = columns.value[1]
      }
    }
  }
}

# ---------------------------------------------------------------------------------------------
# Queries
# ---------------------------------------------------------------------------------------------

module "results" {
  source = "../bucket"

  name              = "${var.name}-log-queries-${var.account.id}"
  kms_key_arn       = var.kms_key_arn
  access_log_bucket = var.access_log_bucket
  retention_days    = 7
  force_destroy     = !var.deletion_protection
}

resource "aws_athena_workgroup" "this" {
  name          = var.name
  description   = "Queries of the logs of ${var.name}"
  force_destroy = true # its history of queries must not keep it

  configuration {
    enforce_workgroup_configuration    = true
    publish_cloudwatch_metrics_enabled = false       # each metric would cost
    bytes_scanned_cutoff_per_query     = 20000000000 # 0.10 USD

    result_configuration {
      output_location = "s3://${module.results.name}/"

      encryption_configuration {
        encryption_option = "SSE_KMS"
        kms_key_arn       = var.kms_key_arn
      }
    }
  }
}

# Athena's console asks for the value of each question mark.
resource "aws_athena_named_query" "this" {
  for_each = local.queries

  name        = each.key
  description = each.value.description
  workgroup   = aws_athena_workgroup.this.id
  database    = aws_glue_catalog_database.this.name
  query       = each.value.query
}

# Athena reads tables and buckets with the rights of the person who asks. The operators, who get this
# policy, read the programs' logs already.
data "aws_iam_policy_document" "query" {
  statement {
    sid = "AskInTheWorkgroup"
    actions = [
      "athena:BatchGetNamedQuery",
      "athena:BatchGetQueryExecution",
      "athena:GetNamedQuery",
      "athena:GetQueryExecution",
      "athena:GetQueryResults",
      "athena:GetWorkGroup",
      "athena:ListNamedQueries",
      "athena:ListQueryExecutions",
      "athena:StartQueryExecution",
      "athena:StopQueryExecution",
    ]
    resources = [aws_athena_workgroup.this.arn]
  }

  statement {
    sid       = "ReadTables"
    actions   = ["glue:GetDatabase", "glue:GetTable", "glue:GetTables"]
    resources = ["${local.catalog_arn}:catalog", "${local.catalog_arn}:database/${local.database}", "${local.catalog_arn}:table/${local.database}/*"]
  }

  statement {
    sid       = "FindObjects"
    actions   = ["s3:GetBucketLocation", "s3:ListBucket"]
    resources = [local.bucket_arns.program, local.bucket_arns.access, module.results.arn]
  }

  statement {
    sid       = "ReadRequests"
    actions   = ["s3:GetObject"]
    resources = ["${local.bucket_arns.access}/load-balancer/*"]
  }

  statement {
    sid       = "KeepResults"
    actions   = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"]
    resources = ["${module.results.arn}/*"]
  }

  statement {
    sid       = "EncryptResults"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.kms_key_arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["s3.${var.account.region}.amazonaws.com"]
    }
  }
}
