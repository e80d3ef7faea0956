terraform {
  required_version = ">= 0.13, < 1.3"
}

variable "name" {
  type = string
}

resource "aws_dynamodb_table" "this" {
  name         = var.name
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"
  attribute {
    name = "id"
    type = "S"
  }
}

output "arn" {
  value = aws_dynamodb_table.this.arn
}
