terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
      # CloudFront takes certificates from us-east-1 alone.
      configuration_aliases = [aws.us_east_1]
    }

    random = {
      source  = "hashicorp/random"
      version = "~> 3.7"
    }
  }
}
