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
