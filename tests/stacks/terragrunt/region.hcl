locals {
  region = get_env("SHOP_REGION", "eu-west-1")
}
