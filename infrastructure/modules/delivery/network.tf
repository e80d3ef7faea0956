# Network: from the management subnets through the NAT gateway, and to the interface endpoints

resource "aws_security_group" "this" {
  #checkov:skip=CKV2_AWS_5:module build attaches it
  name        = local.pipeline_name
  description = "Builds: to the internet, from nowhere"
  vpc_id      = var.vpc_id

  tags = { Name = local.pipeline_name }
}

# Registries have no fixed addresses. Downloads are checked by hash or scanned.
#trivy:ignore:AWS-0104
resource "aws_vpc_security_group_egress_rule" "to_internet" {
  security_group_id = aws_security_group.this.id
  description       = "To package registries and AWS, by TLS"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_vpc_security_group_ingress_rule" "endpoints_from_this" {
  security_group_id            = var.endpoint_security_group_id
  description                  = "From builds"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  referenced_security_group_id = aws_security_group.this.id
}
