"""The pages: catalog, basket in the session, orders, log-in, and the admin"""

from decimal import Decimal

from django.contrib.auth.models import Group, Permission, User
from django.contrib.sessions.models import Session
from django.urls import reverse

from ..models import Category, Order, Product
from .base import ShopTest


class Pages(ShopTest):
    def test_list(self):
        page = self.client.get("/")
        self.assertContains(page, "Page 1 of 1, 3 products")
        self.assertContains(page, "#used")
        self.assertContains(self.client.get("/", {"q": "classic"}), "2 products")
        self.assertContains(self.client.get("/", {"category": "Tools"}), "Hand saw")
        self.assertContains(self.client.get("/", {"attr_author": "Herbert"}), "Dune")
        self.assertContains(self.client.get("/", {"q": "' OR 1=1 --"}), "Nothing found.")
        with self.assertNumQueries(4):
            self.client.get("/")

    def test_detail(self):
        page = self.client.get(reverse("product", args=[self.emma.pk]))
        self.assertContains(page, "Books / Novels: 9.90, 5 left")
        self.assertContains(page, "<dt>author</dt><dd>Austen</dd>", html=True)
        self.assertEqual(self.client.get(reverse("product", args=[10**6])).status_code, 404)

    def test_from_basket_to_order(self):
        self.client.post(reverse("basket-add", args=[self.emma.pk]), {"quantity": 2})
        self.client.post(reverse("basket-add", args=[self.emma.pk]))
        self.assertContains(self.client.get(reverse("basket")), "Total: 29.70")
        self.assertEqual(Session.objects.count(), 1)
        self.assertRedirects(self.client.post(reverse("order-place")), "/accounts/login/?next=/order/")
        answer = self.client.post("/accounts/login/", {"username": "ann", "password": "wrong"})
        self.assertEqual(answer.status_code, 200)
        self.assertRedirects(self.client.post("/accounts/login/", {"username": "ann", "password": "secret"}), "/")
        self.assertRedirects(self.client.post(reverse("order-place")), reverse("orders"))
        self.assertContains(self.client.get(reverse("orders")), "3 × Emma")
        self.assertEqual(Order.objects.get().total(), Decimal("29.70"))
        self.client.post(reverse("basket-add", args=[self.saw.pk]), {"quantity": 2})
        self.assertContains(self.client.post(reverse("order-place"), follow=True), "Please pay your other order first.")
        Order.objects.update(status="paid")
        self.assertContains(self.client.post(reverse("order-place"), follow=True), "There is not enough of Hand saw.")
        self.client.logout()
        self.assertRedirects(self.client.get(reverse("orders")), "/accounts/login/?next=/orders/")

    def test_report(self):
        Order.place(self.ann, {self.emma.pk: 2, self.dune.pk: 1, self.saw.pk: 1})
        self.assertEqual(self.client.get(reverse("report")).status_code, 302)
        self.client.force_login(User.objects.create_superuser("root"))
        report = self.client.get(reverse("report")).json()
        self.assertEqual([month["sum"] for month in report["months"]], ["57.30"])
        self.assertEqual(report["ranks"], [["Novels", 1, "Emma", 2], ["Novels", 2, "Dune", 1], ["Tools", 1, "Hand saw", 1]])


class Admin(ShopTest):
    def setUp(self):
        self.client.force_login(User.objects.create_superuser("root"))

    def test_pages(self):
        for model in ("product", "order", "category", "tag", "review"):
            with self.subTest(model):
                self.assertEqual(self.client.get(f"/admin/catalog/{model}/").status_code, 200)
                self.assertEqual(self.client.get(f"/admin/catalog/{model}/add/").status_code, 200)
        for path in ("/admin/", "/admin/auth/user/", "/admin/auth/group/", "/admin/catalog/product/?q=saw&available__exact=1&o=-4"):
            self.assertEqual(self.client.get(path).status_code, 200)

    def test_add_change_delete(self):
        form = {"sku": "N-1", "name": "New thing", "category": self.tools.pk, "price": "3.50", "stock": "1", "available": "on",
                "attributes": '{"a": [1, 2]}', "keywords": "one,two", "tags": [self.new.pk]}
        self.assertRedirects(self.client.post("/admin/catalog/product/add/", form), "/admin/catalog/product/")
        product = Product.objects.get(sku="N-1")
        self.assertEqual((product.slug, product.attributes, product.keywords), ("new-thing", {"a": [1, 2]}, ["one", "two"]))
        self.assertContains(self.client.post("/admin/catalog/product/add/", form), "already exists")
        form["price"] = "4.00"
        self.client.post(f"/admin/catalog/product/{product.pk}/change/", form)
        product.refresh_from_db()
        self.assertEqual(product.price, 4)
        self.assertContains(self.client.get(f"/admin/catalog/product/{product.pk}/history/"), "Changed Price")
        answer = self.client.post("/admin/catalog/product/", {"action": "withdraw", "_selected_action": [product.pk]}, follow=True)
        self.assertContains(answer, "1 withdrawn")
        self.client.post(f"/admin/catalog/product/{product.pk}/delete/", {"post": "yes"})
        self.assertFalse(Product.objects.filter(sku="N-1").exists())
        self.assertEqual(self.client.post(f"/admin/catalog/category/{self.novels.pk}/delete/", {"post": "yes"}).status_code, 200)
        self.assertTrue(Category.objects.filter(pk=self.novels.pk).exists())

    def test_permissions(self):
        staff = User.objects.create_user("staff", is_staff=True)
        group = Group.objects.create(name="sellers")
        group.permissions.set(Permission.objects.filter(content_type__app_label="catalog", codename__startswith="view"))
        staff.groups.add(group)
        self.client.force_login(staff)
        self.assertEqual(self.client.get("/admin/catalog/product/").status_code, 200)
        self.assertEqual(self.client.get("/admin/catalog/product/add/").status_code, 403)
        self.assertTrue(staff.has_perm("catalog.view_order"))
        self.assertEqual(len(staff.get_all_permissions()), 6)
