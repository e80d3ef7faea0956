provider "aws" {
  region = "eu-west-1"
}

module "store" {
  source   = "./store"
  for_each = toset(["carts", "orders"])
  name     = each.key
}

moved {
  from = aws_dynamodb_table.old
  to   = module.store["carts"].aws_dynamodb_table.this
}

output "arns" {
  value = { for name, store in module.store : name => store.arn }
}
