resource "accredit_project" "shop" {
  name         = "shop"
  display_name = "Shop"
}

# What is granted at the shop holds here as well. What is granted here holds for the checkout and whatever comes below
# it, never for the shop and never for other projects.
resource "accredit_project" "checkout" {
  name         = "checkout"
  display_name = "Checkout"
  parent       = accredit_project.shop.name
}
