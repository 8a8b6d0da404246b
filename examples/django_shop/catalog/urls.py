"""Addresses of the catalog, the basket and orders"""

from django.urls import path

from . import views

urlpatterns = [
    path("", views.product_list, name="products"),
    path("product/<int:pk>/", views.product_detail, name="product"),
    path("product/<int:pk>/add/", views.basket_add, name="basket-add"),
    path("basket/", views.basket, name="basket"),
    path("order/", views.order_place, name="order-place"),
    path("orders/", views.order_list, name="orders"),
    path("report/", views.report, name="report"),
]
