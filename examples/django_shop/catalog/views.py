"""The shop's pages"""

from django.contrib import messages
from django.contrib.admin.views.decorators import staff_member_required
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db import IntegrityError, transaction
from django.db.models import Count, F, Sum, Window
from django.db.models.functions import Rank, TruncMonth
from django.http import JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from .models import Category, Order, OrderLine, OutOfStock, Product


def product_list(request):
    products = Product.objects.on_sale().select_related("category").prefetch_related("tags").with_stars().order_by("name", "pk")
    if request.GET.get("q"):
        products = products.search(request.GET["q"])
    if request.GET.get("category"):
        products = products.filter(category__name=request.GET["category"])
    for key, value in request.GET.items():
        if key.startswith("attr_"):
            products = products.filter(attributes__contains={key[5:]: value})
    page = Paginator(products, 10).get_page(request.GET.get("page"))
    categories = Category.objects.annotate(count=Count("products")).filter(count__gt=0)
    return render(request, "catalog/list.html", {"page": page, "categories": categories})


def product_detail(request, pk):
    product = get_object_or_404(Product.objects.select_related("category").with_stars(), pk=pk)
    return render(request, "catalog/detail.html", {"product": product})


@require_POST
def basket_add(request, pk):
    product = get_object_or_404(Product.objects.on_sale(), pk=pk)
    content = request.session.setdefault("basket", {})
    content[str(product.pk)] = content.get(str(product.pk), 0) + int(request.POST.get("quantity", 1))
    request.session.modified = True
    return redirect("basket")


def basket(request):
    content = {int(pk): quantity for pk, quantity in request.session.get("basket", {}).items()}
    lines = [(product, content[product.pk], product.price * content[product.pk]) for product in Product.objects.filter(pk__in=content)]
    return render(request, "catalog/basket.html", {"lines": lines, "total": sum(line[2] for line in lines)})


@require_POST
@login_required
def order_place(request):
    content = {int(pk): quantity for pk, quantity in request.session.get("basket", {}).items()}
    try:
        with transaction.atomic():
            Order.place(request.user, content)
    except OutOfStock as missing:
        messages.error(request, f"There is not enough of {missing}.")
        return redirect("basket")
    except IntegrityError:
        messages.error(request, "Please pay your other order first.")
        return redirect("basket")
    request.session["basket"] = {}
    return redirect("orders")


@login_required
def order_list(request):
    orders = request.user.orders.prefetch_related("lines__product")
    return render(request, "catalog/orders.html", {"orders": orders})


@staff_member_required
def report(request):
    """Sales by month, and each product's rank within its category."""
    lines = OrderLine.objects.exclude(order__status=Order.Status.CANCELLED)
    months = lines.annotate(month=TruncMonth("order__placed")).values("month").annotate(sum=Sum(F("quantity") * F("price"))).order_by("month")
    ranks = (
        lines.values(name=F("product__name"), category=F("product__category__name")).annotate(sold=Sum("quantity"))
        .annotate(rank=Window(Rank(), partition_by=[F("product__category__name")], order_by=F("sold").desc())).order_by("category", "rank", "name")
    )
    return JsonResponse({
        "months": [{"month": row["month"].strftime("%Y-%m"), "sum": str(row["sum"])} for row in months],
        "ranks": [[row["category"], row["rank"], row["name"], row["sold"]] for row in ranks],
    })
