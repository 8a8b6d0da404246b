"""The shop's pages for its staff"""

from django.contrib import admin

from .models import Category, Order, OrderLine, Product, Review, Tag


class LineInline(admin.TabularInline):
    model = OrderLine
    extra = 0


@admin.register(Product)
class ProductAdmin(admin.ModelAdmin):
    list_display = ["name", "sku", "category", "price", "stock", "available"]
    list_filter = ["available", "category", "tags"]
    search_fields = ["name", "sku", "description"]
    filter_horizontal = ["tags"]
    date_hierarchy = "added"
    actions = ["withdraw"]

    def withdraw(self, request, products):
        """Take products out of the shop."""
        self.message_user(request, f"{products.update(available=False)} withdrawn")


@admin.register(Order)
class OrderAdmin(admin.ModelAdmin):
    list_display = ["number", "customer", "status", "placed", "total"]
    list_filter = ["status"]
    inlines = [LineInline]


admin.site.register([Category, Tag, Review])
