# The small providers: as older definitions use them, and never declared.

data "template_file" "greeting" {
  template = "Hello, $${name} of $${place}"
  vars     = { name = "you", place = data.aws_region.here.region }
}

data "null_data_source" "values" {
  inputs = { greeting = data.template_file.greeting.rendered }
}

resource "null_resource" "marker" {
  triggers = { greeting = data.null_data_source.values.outputs["greeting"] }
}

resource "time_static" "made" {}

resource "time_offset" "later" {
  base_rfc3339 = time_static.made.rfc3339
  offset_days  = 1
}

resource "time_sleep" "settled" {
  depends_on      = [null_resource.marker]
  create_duration = "1h"
}

resource "local_file" "greeting" {
  filename        = "${path.module}/made/greeting.txt"
  content         = data.template_file.greeting.rendered
  file_permission = "0640"
}

output "greeting" {
  value = data.template_file.greeting.rendered
}

# Programs on this machine: what a provisioner and the data source `external` see of an account.

data "external" "environment" {
  program = ["sh", "-c", <<-SCRIPT
    cat >/dev/null
    printf '{"key": "%s", "profile": "%s", "region": "%s", "files": "%s"}' \
      "$AWS_ACCESS_KEY_ID" "$AWS_PROFILE" "$AWS_REGION" "$AWS_SHARED_CREDENTIALS_FILE"
  SCRIPT
  ]
}

resource "terraform_data" "provisioned" {
  input      = data.external.environment.result.region
  depends_on = [local_file.greeting]

  provisioner "local-exec" {
    command = "echo \"key=$AWS_ACCESS_KEY_ID region=$AWS_REGION\" > ${path.module}/made/provisioned.txt"
  }
}

output "environment_of_programs" {
  value = data.external.environment.result
}
