terraform {
  # 1.11 added write-only arguments (secrets stay out of the state) and S3's own state lock.
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.40" # before it, what S3 blocks in new buckets by itself is a difference forever
    }

    archive = {
      source  = "hashicorp/archive"
      version = "~> 2.7"
    }

    random = {
      source  = "hashicorp/random"
      version = "~> 3.7"
    }
  }

  # Bucket, key and lock come from the pipeline: terraform init -backend-config=...
  backend "s3" {}
}
