variable "prefix" {
  type = string
}

variable "names" {
  type = list(string)
}

resource "aws_ssm_parameter" "this" {
  for_each = toset(var.names)

  name  = "${var.prefix}/${each.value}"
  type  = "String"
  value = "made by the pipeline"
}
