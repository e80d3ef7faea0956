output "vpc_id" {
  description = "Id of the VPC"
  value       = aws_vpc.this.id
}

output "subnet_ids" {
  description = "Ids of the subnets, in order of their zones, by purpose: ingress, app, egress, database, management"
  value       = local.subnet_ids

  # A load balancer can only be created in a VPC with an internet gateway, and must be deleted before
  # the gateway.
  depends_on = [aws_route.ingress_to_internet, aws_route_table_association.this]
}

output "endpoint_security_group_id" {
  description = "Security group of the interface endpoints, for rules towards them"
  value       = aws_security_group.endpoints.id

  # Users of the security group need the endpoints to exist.
  depends_on = [aws_vpc_endpoint.interface]
}

output "s3_prefix_list_id" {
  description = "Prefix list of S3's gateway endpoint, for rules towards it"
  value       = aws_vpc_endpoint.s3.prefix_list_id
}
