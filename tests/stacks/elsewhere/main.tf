provider "aws" {
  region = "eu-west-1"
}

resource "aws_db_instance" "this" {
  identifier                  = "shop"
  engine                      = "mysql"
  instance_class              = "db.t4g.micro"
  allocated_storage           = 20
  username                    = "shop"
  manage_master_user_password = true
  storage_encrypted           = true
  skip_final_snapshot         = true
}

output "address" {
  value = aws_db_instance.this.address
}
