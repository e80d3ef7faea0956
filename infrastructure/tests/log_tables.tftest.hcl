# Logs as tables: their places are those of the files, and the workgroup limits what a query costs.

provider "aws" {
  region = "ap-northeast-1"
}

variables {
  name               = "test-development"
  account            = { id = "123456789012", region = "ap-northeast-1", partition = "aws" }
  kms_key_arn        = "arn:aws:kms:ap-northeast-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  programs           = ["backend", "frontend"]
  program_log_bucket = "test-development-program-logs-123456789012"
  access_log_bucket  = "test-development-access-logs-123456789012"
  retention_days     = 30

  deletion_protection = false
}

run "log_tables" {
  command = apply

  module {
    source = "./modules/log_tables"
  }

  assert {
    condition     = aws_glue_catalog_table.this["access"].parameters["storage.location.template"] == "s3://test-development-program-logs-123456789012/access/$${program}/$${hour}/"
    error_message = "The folders of a program's hours must be partitions."
  }

  assert {
    condition     = aws_glue_catalog_table.this["load_balancer"].parameters["projection.day.range"] == "NOW-30DAYS,NOW"
    error_message = "A query must not look for what the bucket no longer keeps."
  }

  assert {
    condition = alltrue([
      for table in aws_glue_catalog_table.this : alltrue([
        for key in table.partition_keys : contains(keys(table.parameters), "projection.${key.name}.type") && strcontains(table.parameters["storage.location.template"], "$${${key.name}}")
      ])
    ])
    error_message = "Every partition must be projected, and be in the place of the files."
  }

  assert {
    condition     = aws_athena_workgroup.this.configuration[0].enforce_workgroup_configuration && aws_athena_workgroup.this.configuration[0].bytes_scanned_cutoff_per_query == 20000000000 && aws_athena_workgroup.this.configuration[0].result_configuration[0].encryption_configuration[0].kms_key_arn == var.kms_key_arn
    error_message = "A query must stop at its limit, and its result be encrypted with our key, whatever the client asks."
  }

  assert {
    condition = toset(flatten([
      for statement in jsondecode(output.policies["query-logs"]).Statement : statement.Resource if statement.Sid == "AskInTheWorkgroup"
    ])) == toset([aws_athena_workgroup.this.arn])
    error_message = "People ask in this workgroup alone, whose limit holds."
  }
}

run "refuses_what_is_not_a_folder" {
  command = plan

  module {
    source = "./modules/log_tables"
  }

  variables {
    programs = ["back,end"]
  }

  expect_failures = [var.programs]
}
