data "accredit_project" "shop" {
  name = "shop"
}

output "shop_parent" {
  value = data.accredit_project.shop.parent
}
