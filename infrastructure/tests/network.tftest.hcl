# The network: which traffic may leave which subnet, and by which route.

provider "aws" {
  region = "ap-northeast-1"
}

variables {
  name               = "test-development"
  account            = { id = "123456789012", region = "ap-northeast-1", partition = "aws" }
  kms_key_arn        = "arn:aws:kms:ap-northeast-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  availability_zones = ["ap-northeast-1a", "ap-northeast-1c"]
  log_retention_days = 30
}

run "network" {
  command = apply

  module {
    source = "./modules/network"
  }

  assert {
    condition     = length(aws_subnet.this) == 10
    error_message = "Five purposes in two zones make ten subnets."
  }

  assert {
    condition     = length(distinct([for subnet in aws_subnet.this : subnet.cidr_block])) == length(aws_subnet.this)
    error_message = "Subnets must not share addresses."
  }

  assert {
    condition     = alltrue([for subnet in aws_subnet.this : !subnet.map_public_ip_on_launch])
    error_message = "No subnet may hand out public addresses by itself."
  }

  assert {
    condition     = aws_route.ingress_to_internet.route_table_id == aws_route_table.this["ingress"].id && aws_route.ingress_to_internet.gateway_id == aws_internet_gateway.this.id
    error_message = "Only ingress subnets have the internet gateway as their default route."
  }

  assert {
    condition     = aws_route.management_to_internet.route_table_id == aws_route_table.this["management"].id && aws_route.management_to_internet.nat_gateway_id == aws_nat_gateway.this.id
    error_message = "Management subnets leave through the NAT gateway."
  }

  assert {
    condition     = contains(output.subnet_ids["ingress"], aws_nat_gateway.this.subnet_id)
    error_message = "The NAT gateway has to be in a public subnet."
  }

  assert {
    condition     = alltrue([for endpoint in aws_vpc_endpoint.interface : endpoint.private_dns_enabled && endpoint.policy != null])
    error_message = "Every interface endpoint needs private DNS and a policy."
  }

  assert {
    condition     = alltrue([for endpoint in aws_vpc_endpoint.interface : length(setsubtract(endpoint.subnet_ids, output.subnet_ids["egress"])) == 0])
    error_message = "Interface endpoints are in egress subnets alone."
  }

  assert {
    condition     = toset(aws_vpc_endpoint.s3.route_table_ids) == toset([aws_route_table.this["app"].id, aws_route_table.this["management"].id])
    error_message = "S3's gateway endpoint serves the app subnets, and the builds', which would pay for S3 by the GB at the NAT gateway."
  }

  assert {
    condition     = aws_cloudwatch_log_group.flow.kms_key_id == var.kms_key_arn && aws_cloudwatch_log_group.flow.retention_in_days == 30
    error_message = "Flow logs need a key and a retention."
  }

  assert {
    condition = toset(flatten([for policy in values(module.flow_log_role.policies) : jsondecode(policy).Statement[*].Action])) == toset([
      "logs:CreateLogStream", "logs:DescribeLogGroups", "logs:DescribeLogStreams", "logs:PutLogEvents",
    ])
    error_message = "AWS asks for these at least. Without one, the log may stay empty, and nothing fails."
  }
}

run "a_zone_more_changes_no_address" {
  command = apply

  module {
    source = "./modules/network"
  }

  variables {
    availability_zones = ["ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d"]
  }

  assert {
    condition     = aws_subnet.this["app-ap-northeast-1a"].cidr_block == "10.0.16.0/24" && aws_subnet.this["database-ap-northeast-1a"].cidr_block == "10.0.48.0/24"
    error_message = "Addresses in use must stay when a zone is added."
  }
}

# Each refusal costs a plan, so values that do not depend on each other share one.
run "refuses_what_is_no_range_and_one_zone" {
  command = plan

  module {
    source = "./modules/network"
  }

  variables {
    cidr_block         = "10.0.0.0/33"
    availability_zones = ["ap-northeast-1a"]
  }

  expect_failures = [var.cidr_block, var.availability_zones]
}

run "refuses_too_small_a_range_and_what_is_no_zone" {
  command = plan

  module {
    source = "./modules/network"
  }

  variables {
    cidr_block         = "10.0.0.0/20" # its subnets would be /28, too small for a load balancer
    availability_zones = ["a", "c"]
  }

  expect_failures = [var.cidr_block, var.availability_zones]
}

run "refuses_endpoints_in_more_zones_than_there_are" {
  command = plan

  module {
    source = "./modules/network"
  }

  variables {
    endpoint_availability_zone_count = 3
  }

  expect_failures = [var.endpoint_availability_zone_count]
}
